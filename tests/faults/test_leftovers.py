"""What killed runs leave behind is taken away once nobody works on it, and nothing that a living run needs."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from governance.pipeline.leftovers import AGE, incoming, sweep
from governance.platform import Platform
from tests.faults.twice import Published, assert_all_is_there

PLACES = ("catalogue/versions/.draft-*", "lake/incoming/*/", "lake/quarantine/*/")


def _left(platform: Platform) -> set[Path]:
    """Folders of what is on its way, drafts of the catalogue, and reports."""
    state = platform.settings.state_dir
    return {path for where in PLACES for path in state.glob(where)}


def test_what_runs_that_were_killed_left_is_swept_once_nobody_works_on_it(published: Published) -> None:
    with published.again() as made:
        platform = made.platform
        before = _left(platform)
        made.run("die", "fetch")
        made.run("die", "keep-rows")
        assert {path.parent.name for path in _left(platform) - before} == {"incoming", "quarantine"}

        # The next run takes away what was on its way, where the lock tells that nobody fetches any more.
        with incoming(platform.lake) as alive:
            (alive / "half").write_bytes(b"on its way")
            made.run("die", "publish")
            left = _left(platform) - before
            assert left > {alive}
            drafts = {path for path in left if path.parent.name == "versions"}
            assert drafts

            # What has no lock is left alone for as long as somebody may work on it.
            now = datetime.now(UTC)
            assert set(sweep(platform, now)) & drafts == set()
            gone = set(sweep(platform, now + AGE + timedelta(hours=1)))
            assert gone > drafts
            assert {path.parent.name for path in gone} == {"quarantine", "versions"}
            assert (alive / "half").is_file()

        assert made.run()[0] == 0
        assert_all_is_there(platform)
