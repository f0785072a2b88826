from collections.abc import Iterator
from pathlib import Path

import pytest

from governance.federation import Federation
from tests.decisions.engine import PushedFacts, pushed_facts, small_federation


@pytest.fixture(scope="session")
def engine() -> Iterator[PushedFacts]:
    with pushed_facts() as server:
        yield server


@pytest.fixture(scope="session")
def federation(tmp_path_factory: pytest.TempPathFactory) -> Federation:
    return small_federation(tmp_path_factory.mktemp("federation"))


@pytest.fixture(scope="session")
def parquet_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("rows")
