"""How the platform speaks to Airflow: over its REST API, never its database."""
