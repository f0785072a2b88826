"""Programs of the system: found, or missed with the name of their package; run to their end."""

import os
import pwd
import shutil
import subprocess
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import NoReturn

from infra.native.service import StartFailed


def find_program(name: str, package: str, folders: Iterable[Path] = ()) -> Path:
    """Return a program of the system.

    Raises:
        StartFailed: it is not installed; the message names the Debian package.
    """
    found = shutil.which(name) or shutil.which(name, path=":".join(["/usr/sbin", *map(str, folders)]))
    if found is None:
        raise StartFailed(f"{name} is not installed. On Debian or Ubuntu: apt-get install {package}")
    return Path(found)


def run(what: str, command: Iterable[str | Path], environment: Mapping[str, str] | None = None) -> str:
    """Run a program to its end and return what it printed.

    Raises:
        StartFailed: it ended with an error; the message has ``what`` and its last words.
    """
    words = [str(word) for word in command]
    variables = {**os.environ, **(environment or {})}
    done = subprocess.run(words, env=variables, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise StartFailed(f"{what} failed: {(done.stderr.strip() or done.stdout.strip())[-800:]}")
    return done.stdout


def run_visibly(command: Iterable[str], environment: Mapping[str, str]) -> int:
    """Run a program on this terminal, its questions and answers included, and return what it ends with."""
    return subprocess.run(list(command), env={**os.environ, **environment}, check=False).returncode


def become(command: Iterable[str], environment: Mapping[str, str], user: str | None) -> NoReturn:
    """Put a program in the place of this one, as another account if one is named: who started it signals it."""
    words = list(command)
    if user is not None:
        account = pwd.getpwnam(user)
        os.initgroups(user, account.pw_gid)
        os.setgid(account.pw_gid)
        os.setuid(account.pw_uid)
    os.execvpe(words[0], words, {**os.environ, **environment})  # noqa: S606 - no shell is wanted
