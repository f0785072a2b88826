"""What the platform must know of a service to obtain, configure, start and watch it. One file each in ``services/``."""

import socket
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import httpx

from governance.settings import Settings

Say = Callable[[str], None]
Ready = Callable[[Settings], bool]


class StartFailed(RuntimeError):
    """A service could not be obtained, configured or started; the message says which, why, and what to do."""


def _nothing(_settings: Settings, _say: Say) -> None:
    """Nothing to do."""


def _empty(_settings: Settings) -> Mapping[str, str]:
    return {}


def nobody(_settings: Settings) -> str | None:
    """Run as whoever starts the platform."""
    return None


@dataclass(frozen=True)
class Service:
    """One supervised process: what it is, and how it comes into being."""

    name: str
    command: Callable[[Settings], tuple[str, ...]]
    port: str | None = None
    """Field of the settings that holds its port; its variable is named when the port is taken."""
    is_ready: Ready | None = None
    """Whether it answers now; None: it is ready once it runs."""
    needs: tuple[str, ...] = ()
    """Services that must be ready before this one is configured and started, where the profile has them."""
    obtain: Callable[[Settings, Say], None] = _nothing
    """Download or find its program; once on a machine. Nothing runs yet."""
    configure: Callable[[Settings, Say], None] = _nothing
    """Write its files into its folder and make what it keeps; what it needs is ready. Again at each start."""
    furnish: Callable[[Settings, Say], None] = _nothing
    """Make what it holds through its own interface; it is ready. Again at each start."""
    environment: Callable[[Settings], Mapping[str, str]] = _empty
    """Variables handed down through the supervisor to every service: a secret stands in no configuration file."""
    own_environment: Callable[[Settings], Mapping[str, str]] = _empty
    """Variables that this process alone sees; they stand in the supervisor's file, so never a secret."""
    user: Callable[[Settings], str | None] = nobody
    """Account to run as, for a program that refuses to run as root."""
    stop_signal: str = "TERM"

    def port_of(self, settings: Settings) -> int | None:
        """Return the port that it listens on, if it does."""
        return getattr(settings, self.port) if self.port else None

    @property
    def variable(self) -> str:
        """Variable that moves its port."""
        return f"ARCHIPEL_{(self.port or '').upper()}"


def require_way_in(account: str, folder: Path, what: str) -> None:
    """Refuse a place that some folder above it shuts an account out of; ``what`` says what the account is for.

    Raises:
        StartFailed: the message names that folder; the program itself would only say "permission denied".
    """
    for parent in reversed(folder.parents):
        if parent.is_dir() and not parent.stat().st_mode & 0o001:
            raise StartFailed(
                f"The account {account!r}, as which {what}, may not enter {parent}. "
                f"Either chmod o+x {parent}, or choose another place: ARCHIPEL_STATE_DIR=…"
            )


def obtain_all(settings: Settings, services: Iterable[Service], say: Say) -> None:
    """Obtain each service's program; downloads wait for the network, not for each other.

    Raises:
        StartFailed: one cannot be had.
    """
    with ThreadPoolExecutor(max_workers=4) as pool:
        for done in [pool.submit(service.obtain, settings, say) for service in services]:
            done.result()


def folder_of(settings: Settings, name: str) -> Path:
    """Return the folder of everything that a service keeps, made if it is missing."""
    path = settings.state_dir.resolve() / "services" / name
    path.mkdir(parents=True, exist_ok=True)
    return path


def answers_at(port: str, path: str) -> Ready:
    """Ready when an address of that path answers without an error of the server."""

    def is_ready(settings: Settings) -> bool:
        address = f"http://{settings.host}:{getattr(settings, port)}{path}"
        try:
            return httpx.get(address, timeout=5, follow_redirects=True).status_code < 500
        except httpx.HTTPError:
            return False

    return is_ready


def listens(port: str) -> Ready:
    """Ready when a connection is accepted."""

    def is_ready(settings: Settings) -> bool:
        try:
            socket.create_connection((settings.host, getattr(settings, port)), 2).close()
        except OSError:
            return False
        return True

    return is_ready


def says(port: str, question: bytes, answer: bytes) -> Ready:
    """Ready when a line sent over TCP is answered by another that starts so."""

    def is_ready(settings: Settings) -> bool:
        try:
            with socket.create_connection((settings.host, getattr(settings, port)), 2) as connection:
                connection.settimeout(2)
                connection.sendall(question)
                return connection.recv(64).startswith(answer)
        except OSError:
            return False

    return is_ready
