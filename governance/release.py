"""Which release of the platform is at work: its version and, where that is known, the commit."""

from functools import lru_cache
from importlib.metadata import version

from governance.commits import commit_of
from governance.settings import PROJECT_ROOT

COMMIT_FILE = "COMMIT"
"""Where an image, which has no Git folder, says what it was built from."""


@lru_cache(maxsize=1)
def commit_of_now() -> str | None:
    """Return the commit at work; None where nobody knows.

    Asked once: whoever changes the files of a running platform starts it anew.
    """
    if (PROJECT_ROOT / ".git").exists():
        return commit_of(PROJECT_ROOT)
    try:
        return (PROJECT_ROOT / COMMIT_FILE).read_text(encoding="utf-8").strip()[:12] or None
    except FileNotFoundError:
        return None


def release_name(version: str, commit: str | None) -> str:
    """Return version and commit as one word: a local version of PEP 440, ``0.1.0+bac1ca4d1e2f``."""
    return f"{version}+{commit}" if commit else version


def release_of_now() -> str:
    """Return the release at work as one word."""
    return release_name(version("archipel"), commit_of_now())
