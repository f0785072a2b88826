"""The example's clerk: hands a file in once for the town hall that has it on no site, so that a first run finds one."""

from pathlib import Path

from governance.pipeline.hand_in import NotHandedIn, find_box, hand_in
from governance.platform import Platform
from infra.town_halls.habits import load_files

BOXES = "exemple/"
"""Beginning of the boxes that the example fills: no other installation's box is ever given a synthetic file."""
WHO = "exemple, secrétariat de mairie (inventé)"


def hand_in_examples(platform: Platform, sites: Path) -> None:
    """Leave each file that a clerk of the example keeps in its box, unless somebody used that box before.

    Raises:
        OSError, SQLAlchemyError: the disk or the journal refused; nothing was left.
    """
    for file in load_files():
        if not file.habit.by_hand:
            continue
        try:
            box = find_box(platform, file.town.id, file.dataset)
        except NotHandedIn:
            continue  # this federation is another one
        is_ours = str(box.ask[1].options.get("box", "")).startswith(BOXES)
        path = sites / file.path
        if is_ours and path.is_file() and not box.folder.exists():
            hand_in(platform, box, path, file.habit.file, WHO)
