"""Archipel's extension of CKAN: the fields of a dataset and an organisation, the DCAT-AP profile, the pages."""
