"""What other catalogues have for the territory: kept as they say it, listed beside ours, never taken for ours."""
