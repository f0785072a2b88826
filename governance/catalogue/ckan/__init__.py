"""The catalogue in a CKAN: what is sent, which fields are ours, and how the portal is made equal."""
