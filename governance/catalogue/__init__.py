"""The common catalogue: what the decision opens, described in DCAT-AP and written as files."""
