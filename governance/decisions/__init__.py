"""Who may see which rows and columns, for which purpose: asked of OPA, enforced here, explained to people."""
