"""Where a number comes from and what stops if a source stops: events of runs (OpenLineage), and their graph."""
