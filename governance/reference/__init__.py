"""Makes the pages of ``docs/reference`` out of the code, so that they cannot differ from it."""
