"""Airflow imports a module of this name at start; only the scheduler has this folder on its path.

Tasks are forks of the scheduler. What it has imported they need not import again: 46 sources then cost seconds
instead of minutes. Imported and not used, so that no thread of DuckDB or Polars exists when it forks.
"""

import dbt.cli.main  # noqa: F401

import governance.pipeline.steps  # noqa: F401
