"""What each connector shows of itself to the suite: a real server with a source that can change, fail and be cut."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any, ClassVar, Literal, get_args

from pydantic import SecretStr

from connectors.base import EgressRules, Fetched, FetchRequest, Limits, Validators
from tests.connectors.contract.fault_proxy import FaultProxy
from tests.connectors.contract.servers import Servers

Fact = Literal[
    "unchanged_costs_nothing",
    "resumes_after_a_cut",
    "retries_when_unavailable",
    "obeys_retry_after",
    "cuts_a_slow_server",
    "sends_a_secret",
    "has_a_watermark",
    "tells_what_is_gone",
]
FACTS: tuple[str, ...] = get_args(Fact)
SECRET = "s3cret-word-that-must-not-show"


class SourceAdapter(ABC):
    """One connector with a source of its own; made anew for each test, in a folder of its own.

    ``cannot`` names each fact that does not hold for the connector, and why; the page
    ``docs/howto/choose-a-connector.md`` says the same.
    """

    connector: ClassVar[str]
    cannot: ClassVar[Mapping[Fact, str]] = {}
    secret: str | None = None

    def __init__(self, folder: Path, servers: Servers, stack: ExitStack) -> None:
        self.folder, self.servers, self.stack = folder, servers, stack
        self.previous = folder / "previous"
        self.start()

    @abstractmethod
    def start(self) -> None:
        """Make the source."""

    @abstractmethod
    def options(self) -> dict[str, Any]:
        """The declaration's options."""

    @abstractmethod
    def nowhere(self) -> dict[str, Any]:
        """Options that point at nothing."""

    @abstractmethod
    def expected(self) -> Any:
        """What must be handed over now, as ``content_of`` gives it."""

    @abstractmethod
    def change(self) -> None:
        """Change the source, so that ``expected`` changes too."""

    def refuse(self) -> None:
        """Refuse this client from now on."""
        raise AssertionError(f"{self.connector}: say how it refuses")

    def remove(self) -> None:
        """Take one row away at the source; ``expected`` stays."""
        raise AssertionError(f"{self.connector}: say how a row is removed, or that it cannot be told")

    def go_down(self) -> None:
        """Be out of reach from now on."""
        raise AssertionError(f"{self.connector}: say how it fails, or why it cannot")

    def cut_once(self) -> None:
        """Cut the next transfer on its way."""
        raise AssertionError(f"{self.connector}: say how it is cut, or why it cannot resume")

    def stall(self) -> None:
        """Fall silent in the middle."""
        raise AssertionError(f"{self.connector}: say how it stalls, or why it cannot")

    def ask_to_wait(self, seconds: int) -> None:
        """Answer the next question with 503 and Retry-After."""
        raise AssertionError(f"{self.connector}: say how it asks to wait, or that its protocol cannot")

    def asked(self) -> int:
        """How many connections were made so far."""
        return 0

    def limits(self) -> Limits:
        """Limits that let the source be reached, without waits."""
        return Limits(timeout_seconds=5, attempts=3, backoff_seconds=0, backoff_max_seconds=0)

    def out_of_reach(self) -> Limits:
        """The same, but this source is none that may be reached."""
        return self.limits().model_copy(update={"egress": EgressRules(), "folders": (), "uploads": None})

    def content_of(self, path: Path) -> Any:
        """What a file that was handed over holds, to compare."""
        return path.read_bytes()

    def request(self, since: Validators | None = None, **limits: Any) -> FetchRequest:
        """An order for the source, with what is known of it; keywords change the limits."""
        return FetchRequest(
            options=self.options(),
            into=self.folder / "into",
            since=since or Validators(),
            previous=self.previous if since is not None else None,
            limits=self.limits().model_copy(update=limits),
            secret=SecretStr(self.secret) if self.secret is not None else None,
        )

    def settle(self, fetched: Fetched) -> Validators:
        """Do what the platform does once the rows are settled: keep the bytes and the validators."""
        if fetched.path is not None:
            fetched.path.replace(self.previous)
        return fetched.validators

    def left(self) -> list[Path]:
        """What lies in the folder that bodies are put in."""
        into = self.folder / "into"
        return list(into.iterdir()) if into.exists() else []


class ServedAdapter(SourceAdapter):
    """A source behind a real server on a port, reached through a line that misbehaves on demand."""

    cut_bytes: int = 9000
    """How much of the server's bytes passes before the cut; past whatever opens the connection."""
    stall_bytes: int = 100

    def behind(self, port: int) -> None:
        """Put the line in front of the server; called by ``start``."""
        self.proxy = self.stack.enter_context(FaultProxy(port))

    def limits(self) -> Limits:
        return super().limits().model_copy(update={"egress": EgressRules(exceptions=(self.proxy.endpoint,))})

    def asked(self) -> int:
        return self.proxy.connections

    def go_down(self) -> None:
        self.proxy.faults.is_down = True

    def cut_once(self) -> None:
        self.proxy.faults.cut_after, self.proxy.faults.cuts_left = self.cut_bytes, 1

    def stall(self) -> None:
        self.proxy.faults.stall_after = self.stall_bytes

    def answer_http(self, status: int, *headers: str) -> None:
        """Answer the next connection in the server's place, for protocols over HTTP."""
        lines = (f"HTTP/1.1 {status} Example", *headers, "Content-Length: 0", "Connection: close", "", "")
        self.proxy.faults.answers.append("\r\n".join(lines).encode())
