"""Where a command's answer is drawn: as wide as the terminal, or wide where there is none.

A table folded to eighty columns in a file or a pipe can neither be read nor searched.
"""

from rich.console import Console

_WIDTH_OF_A_FILE = 200


def open_screen(at_least: int = 0) -> Console:
    """Return the console that answers are printed on; ``at_least`` columns wide where less would crop a table."""
    console = Console()
    return Console(width=max(console.width, at_least) if console.is_terminal else _WIDTH_OF_A_FILE)
