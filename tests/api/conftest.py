"""One small platform for all tests of the API."""

from collections.abc import Iterator

import pytest

from tests.api.small_platform import Running, small_platform


@pytest.fixture(scope="session")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with small_platform(tmp_path_factory.mktemp("platform")) as platform:
        yield platform
