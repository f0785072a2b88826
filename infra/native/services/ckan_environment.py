"""CKAN's own Python environment, in the cache: its pins and the platform's exclude each other.

It is named after its locks and this Python, so that a clone with other locks gets another one.
"""

import shutil
import sys
from pathlib import Path

from filelock import FileLock

from governance.settings import PROJECT_ROOT
from infra.native.downloads import cache_folder
from infra.native.programs import find_program, run
from infra.native.service import Say, StartFailed

FOLDER = PROJECT_ROOT / "infra" / "ckan"
_LOCKS = (FOLDER / "build.txt", FOLDER / "requirements.txt")
_TAG = f"{sys.version_info.major}.{sys.version_info.minor}"


def environment_folder() -> Path:
    """Return the folder of the environment, whether it was made or not."""
    return cache_folder(f"ckan-py{_TAG}", *_LOCKS)


def program(name: str) -> str:
    """Return the path of a program of the environment."""
    return str(environment_folder() / "bin" / name)


def ckan_package() -> Path:
    """Return the folder of the installed ``ckan`` package.

    Raises:
        StartFailed: the environment was not made.
    """
    path = environment_folder() / "lib" / f"python{_TAG}" / "site-packages" / "ckan"
    if not path.is_dir():
        raise StartFailed(f"{environment_folder()} holds no CKAN; remove it and try again.")
    return path


def install(*arguments: str | Path) -> None:
    """Install into the environment with uv, or with pip where uv cannot be had.

    Raises:
        StartFailed: neither could; the message has the last words of the second.
    """
    python = program("python")
    try:
        uv = Path(sys.executable).with_name("uv")
        run("uv", [uv, "pip", "install", "--quiet", "--python", python, *arguments])
    except (StartFailed, FileNotFoundError):
        run("ensurepip", [python, "-m", "ensurepip"])
        run("pip", [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *arguments])


def obtain_environment(say: Say) -> None:
    """Make the environment unless it is there; every package is held against the hash in the lock.

    Raises:
        StartFailed: a compiler or a library is missing, or a package could not be installed.
    """
    # psycopg2 is compiled, and python-magic opens a library of the system.
    find_program("gcc", "gcc")
    find_program("pg_config", "libpq-dev")
    folder = environment_folder()
    folder.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(folder.with_name(f".{folder.name}.lock")):
        if (folder / ".ready").is_file():
            return
        say("  installing CKAN's environment from its lock")
        shutil.rmtree(folder, ignore_errors=True)
        run("venv", [sys.executable, "-m", "venv", "--without-pip", folder])
        install("--require-hashes", "-r", _LOCKS[0])
        install("--require-hashes", "--no-build-isolation", "-r", _LOCKS[1])
        (folder / ".ready").touch()
