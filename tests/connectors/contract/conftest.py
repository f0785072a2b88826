"""Every adapter there is, made anew for each test; servers live as long as the process."""

import importlib
import pkgutil
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.connectors.contract import adapters
from tests.connectors.contract.adapter import Fact, SourceAdapter
from tests.connectors.contract.servers import Servers

ADAPTERS: dict[str, type[SourceAdapter]] = {
    module.name: importlib.import_module(f"{adapters.__name__}.{module.name}").Adapter
    for module in pkgutil.iter_modules(adapters.__path__)
}


@pytest.fixture
def source(request: pytest.FixtureRequest, tmp_path: Path, servers: Servers) -> Iterator[SourceAdapter]:
    with ExitStack() as stack:
        yield ADAPTERS[str(request.param)](tmp_path, servers, stack)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """A test is run for each connector; one marked ``needs`` a fact only for those that do not say they cannot."""
    if "source" in metafunc.fixturenames:
        marker = metafunc.definition.get_closest_marker("needs")
        fact: Fact | None = marker.args[0] if marker else None
        names = [name for name, adapter in sorted(ADAPTERS.items()) if fact not in adapter.cannot]
        metafunc.parametrize("source", names, indirect=True)
