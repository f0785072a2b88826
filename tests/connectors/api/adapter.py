"""What the adapters of the API connectors share: a service of ``tests.connectors.api`` behind the line of the suite."""

import json
from abc import abstractmethod
from pathlib import Path
from typing import Any, ClassVar, Generic, TypeVar

from tests.connectors.api.served import Reply, Served
from tests.connectors.contract.adapter import SECRET, ServedAdapter

S = TypeVar("S", bound=Served)


class ApiAdapter(ServedAdapter, Generic[S]):
    """A service over HTTP; records are compared by their key."""

    secret = SECRET
    key: ClassVar[str] = "id"

    @abstractmethod
    def make(self) -> S:
        """Make the service, with some content."""

    def start(self) -> None:
        self.service = self.make()
        self.stack.enter_context(self.service.serving())
        self.behind(self.service.port)

    @property
    def address(self) -> str:
        """Of the service, through the line."""
        return f"http://{self.proxy.endpoint}"

    def content_of(self, path: Path) -> Any:
        return {row[self.key]: row for row in map(json.loads, path.read_text(encoding="utf-8").splitlines())}

    def refuse(self) -> None:
        self.service.refusal = Reply(b"", 403)

    def ask_to_wait(self, seconds: int) -> None:
        self.answer_http(503, f"Retry-After: {seconds}")
