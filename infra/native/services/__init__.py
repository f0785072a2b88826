"""One file a service: what it is, where it comes from, how it is configured, how it says that it is ready."""
