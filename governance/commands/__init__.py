"""The ``archipel`` command: one module a subcommand."""
