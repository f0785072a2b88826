"""Limits that reach a service on loopback without waits, and requests for it."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any, TypeVar

import pytest
from pydantic import SecretStr

from connectors.base import EgressRules, Fetched, FetchRequest, Limits, Validators
from tests.connectors.api.served import Served

S = TypeVar("S", bound=Served)
Serve = Callable[[S], S]
Ask = Callable[..., FetchRequest]


@pytest.fixture
def serve() -> Iterator[Callable[[S], S]]:
    """Start a service, until the end of the test."""
    with ExitStack() as stack:

        def start(service: S) -> S:
            stack.enter_context(service.serving())
            return service

        yield start


@pytest.fixture
def ask(tmp_path: Path) -> Ask:
    """Make a request for a service, with options; ``limits`` change the limits."""

    def make(
        service: Served, since: Validators | None = None, secret: str | None = None,
        limits: dict[str, Any] | None = None, previous: Path | None = None, **options: Any
    ) -> FetchRequest:  # fmt: skip
        reach = Limits(
            timeout_seconds=5,
            attempts=3,
            backoff_seconds=0,
            backoff_max_seconds=0,
            egress=EgressRules(exceptions=(service.endpoint,)),
        )
        return FetchRequest(
            options={"url": service.address, **options},
            into=tmp_path / "into",
            since=since or Validators(),
            previous=previous,
            limits=reach.model_copy(update=limits or {}),
            secret=SecretStr(secret) if secret else None,
        )

    return make


@pytest.fixture
def keep(tmp_path: Path) -> Callable[[Fetched], Path]:
    """Do what the platform does with what is handed over: keep the bytes for the next time."""

    def settle(fetched: Fetched) -> Path:
        kept = tmp_path / "previous"
        if fetched.path is not None:
            fetched.path.replace(kept)
        return kept

    return settle
