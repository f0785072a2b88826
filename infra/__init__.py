"""Where the platform runs: service configuration, locks, and the example sites."""
