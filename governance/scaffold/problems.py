"""Why a change path stops before it writes anything."""


class ScaffoldError(ValueError):
    """What was asked for cannot be written; the message says why and what to do instead."""
