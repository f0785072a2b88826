"""``docs/reference/catalogue.md`` names what a publication really writes."""

import re
from pathlib import Path

from governance.settings import PROJECT_ROOT
from tests.catalogue.world import World

PAGE = PROJECT_ROOT / "docs" / "reference" / "catalogue.md"


def _shape(path: Path) -> str:
    """A file's address as the page writes it."""
    folder = path.parent.name
    return (
        f"{folder}/<id>"
        if folder in {"datasets", "organisations", "files"}
        else f"{folder}/<n>"
        if folder == "pages"
        else path.name
    )


def test_every_kind_of_file_is_in_the_reference(world: World) -> None:
    world.publish()
    text = PAGE.read_text(encoding="utf-8")
    root = world.served.resolve()
    shapes = {_shape(path.relative_to(root)) for path in root.rglob("*") if path.is_file()}
    assert len(shapes) == 10
    assert [shape for shape in shapes if f"`{shape}" not in text] == []


def test_every_place_of_the_state_is_in_the_reference(world: World) -> None:
    world.publish()
    world.decisions.closed.add(("equipements", "donges"))
    world.publish()
    named = set(re.findall(r"^\| `([a-z]+)", PAGE.read_text(encoding="utf-8"), re.MULTILINE))
    assert {path.name for path in world.catalogue.iterdir()} <= named
