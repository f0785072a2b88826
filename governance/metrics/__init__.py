"""Figures that a monitoring system reads: what each is called, and how it is read from the state at each scrape."""
