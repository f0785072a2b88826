"""A real server on loopback, started for each test, and limits that let a connector reach it without waiting."""

import threading
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr
from stamina.instrumentation import RetryDetails, set_on_retry_hooks

from connectors.base import EgressRules, FetchRequest, Limits, Validators
from infra.town_halls.serve import Sites
from tests.connectors.contract.servers import Servers
from tests.connectors.example_site import Ask, Site


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    root = tmp_path / "sites"
    root.mkdir()
    with Sites(root) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        yield Site(server)
        server.shutdown()
        thread.join()


@pytest.fixture
def limits(site: Site) -> Limits:
    host, port = site.server.server_address[:2]
    return Limits(
        timeout_seconds=5,
        attempts=3,
        backoff_seconds=0,
        backoff_max_seconds=0,
        egress=EgressRules(exceptions=(f"{host!s}:{port}",)),
    )


@pytest.fixture
def ask(tmp_path: Path, limits: Limits) -> Ask:
    """Make a request for an address; keywords change the limits."""

    def make(
        url: str, since: Validators | None = None, secret: str | None = None, auth: str = "none", **changed: Any
    ) -> FetchRequest:
        return FetchRequest(
            options={"url": url, "auth": auth},
            into=tmp_path / "into",
            since=since or Validators(),
            limits=limits.model_copy(update=changed),
            secret=SecretStr(secret) if secret is not None else None,
        )

    return make


@pytest.fixture(scope="session")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Servers]:
    """Real servers of other protocols, each started when first asked for."""
    with ExitStack() as stack:
        yield Servers(tmp_path_factory.mktemp("servers"), stack)


@pytest.fixture
def waits() -> Iterator[list[float]]:
    """How long each retry waited, as scheduled."""
    seen: list[float] = []

    def note(details: RetryDetails) -> None:
        seen.append(details.wait_for)

    set_on_retry_hooks([note])
    yield seen
    set_on_retry_hooks(None)
