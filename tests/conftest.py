"""What holds for every test."""

from collections.abc import Iterator

import pytest

from governance.settings import load_settings


@pytest.fixture(autouse=True)
def settings_read_anew() -> Iterator[None]:
    """Settings are read once a process: those of one test must not be another's."""
    yield
    load_settings.cache_clear()
