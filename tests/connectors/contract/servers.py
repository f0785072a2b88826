"""Real servers for the tests of a process, each started when it is first asked for and ended with the last test."""

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import NoReturn, Protocol, TypeVar, cast

import pytest

MUST_RUN = "ARCHIPEL_TEST_REQUIRE_SERVERS"


class Server(Protocol):
    """Something started in a folder, whose end is on the stack."""

    def __init__(self, folder: Path, stack: ExitStack) -> None: ...


S = TypeVar("S", bound=Server)


class Servers:
    """The servers of this process by their class."""

    def __init__(self, folder: Path, stack: ExitStack) -> None:
        self._folder, self._stack = folder, stack
        self._started: dict[type, Server] = {}

    def get(self, kind: type[S]) -> S:
        """Return the one server of that kind, started if it is not yet."""
        if kind not in self._started:
            folder = self._folder / kind.__name__.lower()
            folder.mkdir(exist_ok=True)  # asked for again by the next test where the server is not installed
            self._started[kind] = kind(folder, self._stack)
        return cast(S, self._started[kind])


def absent(what: str) -> NoReturn:
    """Skip, or fail where the servers have to be there."""
    if os.environ.get(MUST_RUN) == "1":
        pytest.fail(f"{what} is not installed, and {MUST_RUN}=1")
    pytest.skip(f"{what} is not installed")


def program(name: str, *folders: Path) -> str:
    """Path of a program, also where Debian keeps what is for administrators."""
    places = [os.environ.get("PATH", ""), "/usr/sbin", *map(str, folders)]
    return shutil.which(name, path=":".join(places)) or absent(name)


def free_port() -> int:
    """A port of loopback that nobody listens on now."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def wait_for_port(port: int, log: Callable[[], str], seconds: float = 30) -> None:
    """Return once somebody listens."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            time.sleep(0.02)
        else:
            return
    raise AssertionError(f"no server on port {port} after {seconds} s: {log()}")


def started(stack: ExitStack, log: Path, *command: str) -> subprocess.Popen[bytes]:
    """Start a process that the stack ends, by its id."""
    with log.open("wb") as output:
        process = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT)

    def end() -> None:
        process.terminate()
        process.wait(20)

    stack.callback(end)
    return process
