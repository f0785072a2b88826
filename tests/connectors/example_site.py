"""The example server as tests use it: publish a file, say how it behaves, see what was answered."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import yaml

from connectors.base import FetchRequest
from infra.town_halls.behaviour import BEHAVIOUR, Behaviour
from infra.town_halls.serve import Served, Sites

CONTENT = b"id;nom\n" + b"".join(b"%05d;exemple\n" % number for number in range(2000))


@dataclass(frozen=True)
class Site:
    """The server, and how to change what it does."""

    server: Sites

    def put(self, path: str, content: bytes = CONTENT, **behaviour: Any) -> str:
        """Publish a file that behaves so; return its address."""
        file = self.server.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
        self.behave(path, **behaviour)
        return f"{self.server.address}/{path}"

    def behave(self, path: str, **behaviour: Any) -> None:
        """Change how a path behaves."""
        file = self.server.root / BEHAVIOUR
        known = yaml.safe_load(file.read_text()) if file.is_file() else {}
        known[path] = Behaviour(**behaviour).model_dump()
        file.write_text(yaml.safe_dump(known))

    def served(self, path: str) -> list[Served]:
        """What was answered for a path so far."""
        return self.server.answers(path)


Ask = Callable[..., FetchRequest]
"""Makes a request for an address; keywords change the limits."""
