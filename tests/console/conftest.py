"""The small platform of the API's tests, and a browser."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from tests.api.small_platform import Running, small_platform
from tests.chromium import chromium


@pytest.fixture(scope="session")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with small_platform(tmp_path_factory.mktemp("platform")) as platform:
        yield platform


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A browser for one file of tests."""
    with chromium() as opened:
        yield opened
