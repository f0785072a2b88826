"""No room left on the disk at each step of a run: closed in words, and once there is room again nothing was lost."""

from collections.abc import Iterator

import pytest

from tests.faults.small_disk import make_room, small_disk
from tests.faults.twice import AFTER, BEFORE, Published, assert_all_is_there, publish_twice, published_rows, shared_rows

STEPS = ("fetch", "land", "validate", "keep-rows", "harmonise", "switch", "decide", "publish")
"""Where the disk fills up: from then on each step that writes has no room."""
WORDS = ("plus de place", "no room")


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Published]:
    root = tmp_path_factory.mktemp("full")
    with small_disk(root / "state", mebibytes=48):
        yield publish_twice(root)


@pytest.mark.parametrize("step", STEPS)
def test_a_full_disk_closes_a_run_in_words_and_nothing_is_lost(step: str, published: Published) -> None:
    with published.again() as made:
        ended, said = made.run("full", step)
        assert "Traceback" not in said
        assert shared_rows(made.platform) in (BEFORE, AFTER)
        assert published_rows(made.platform) in (BEFORE, AFTER)
        if ended != 0:
            assert all(words in said for words in WORDS), said

        make_room(published.settings.state_dir)
        assert made.run()[0] == 0
        assert_all_is_there(made.platform)
