"""The map of the example federation: each name can be read."""

from itertools import combinations
from pathlib import Path

from governance.console.commune_map import commune_map
from governance.platform import open_platform
from governance.settings import Settings

SIGN, LINE = 8.0, 16.0
"""Width of a sign and height of a line, in units of the drawing, as Chromium sets them."""


def test_names_of_neighbours_do_not_touch(tmp_path: Path) -> None:
    platform = open_platform(Settings(state_dir=tmp_path))
    drawn = commune_map(platform, dict.fromkeys(platform.federation.members, 300))
    assert drawn is not None and len(drawn.points) == 10
    for one, other in combinations(drawn.points, 2):
        apart = abs(one.x - other.x) - (len(one.name) + len(other.name)) * SIGN / 2
        assert apart > SIGN or abs(one.label_y - other.label_y) >= LINE, (one.name, other.name)
