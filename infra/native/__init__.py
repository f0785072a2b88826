"""The embedded form: every service as a native process on loopback, under one supervisor."""
