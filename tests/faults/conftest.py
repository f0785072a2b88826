"""The federation that the faults happen to."""

import pytest

from tests.databases import postgresql
from tests.faults.twice import Published, publish_twice

__all__ = ["postgresql", "published"]


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Published:
    return publish_twice(tmp_path_factory.mktemp("faults"))
