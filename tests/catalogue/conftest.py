"""Fixtures of the catalogue's tests."""

from pathlib import Path

import pytest

from tests.catalogue.world import ROWS, World


@pytest.fixture
def world(tmp_path: Path) -> World:
    """A lake with the rows above, not yet published."""
    made = World(tmp_path)
    made.share(ROWS)
    return made
