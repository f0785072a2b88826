"""Who wrote the declarations that were put in force: the commits of Git behind a version, read when somebody asks."""

import re
import shutil
import subprocess
from datetime import datetime
from functools import lru_cache
from pathlib import Path

from governance.decisions.model import Frozen

DIRTY = "-dirty"
"""Behind a commit where the files were not as it has them."""
MOST_COMMITS = 10
_COMMIT = re.compile(r"[0-9a-f]{7,40}")


class Commit(Frozen):
    """One change of the declarations, as its author signed it."""

    id: str
    author: str
    at: datetime
    subject: str


def commit_of(folder: Path, *others: Path) -> str | None:
    """The commit that a folder stands at, marked where the folder or one of the others is not as it has them.

    None where the folder is under no version control here.
    """
    commit = _git(folder, "rev-parse", "--short=12", "HEAD")
    if not commit:
        return None
    is_dirty = any(_git(each, "status", "--porcelain", "--", ".") for each in (folder, *others))
    return f"{commit}{DIRTY}" if is_dirty else commit


@lru_cache(maxsize=256)
def commits_between(folder: Path, before: str | None, commit: str) -> tuple[Commit, ...]:
    """Commits that changed a folder after `before` up to `commit`, the newest first; the last one without `before`.

    Empty where Git knows none of it: no repository, or a history that was written anew.
    """
    names = [name.removesuffix(DIRTY) for name in (before, commit) if name is not None]
    if not all(_COMMIT.fullmatch(name) for name in names):
        return ()
    most = MOST_COMMITS if before is not None else 1
    told = _git(folder, "log", f"-{most}", "--format=%h%x00%an%x00%aI%x00%s", "..".join(names), "--", ".")
    lines = (line.split("\0") for line in (told or "").splitlines())
    return tuple(
        Commit(id=name, author=author, at=datetime.fromisoformat(at), subject=subject)
        for name, author, at, subject in lines
    )


def _git(folder: Path, *words: str) -> str | None:
    """What Git says of a folder; None where it says nothing or is not there."""
    git = shutil.which("git")
    if git is None:
        return None
    done = subprocess.run(
        [git, "-C", str(folder), *words], capture_output=True, encoding="utf-8", timeout=10, check=False
    )
    return done.stdout.strip() if done.returncode == 0 else None
