"""``archipel run`` with something that happens at one step: ``python -m tests.faults.doomed [<fault> <step>]``.

Faults: ``die`` kills it without a word, ``full`` leaves no room on the disk of the state folder.
"""

import importlib
import os
import signal
import sys
from collections.abc import Callable
from typing import Any

from governance.commands.main import main as archipel
from governance.settings import load_settings
from tests.faults.small_disk import fill

BEFORE, AFTER = "before", "after"
STEPS: dict[str, tuple[str, str, str]] = {
    "fetch": ("connectors.draft", "Draft.keep", BEFORE),
    "land": ("governance.intake.landing", "_move", BEFORE),
    "landed": ("governance.intake.landing", "_move", AFTER),
    "validate": ("governance.pipeline.harvest", "examine", AFTER),
    "keep-rows": ("governance.pipeline.settle", "write_accepted", AFTER),
    "keep-receipts": ("governance.pipeline.settle", "end_checks", AFTER),
    "harmonise": ("governance.pipeline.harmonise", "build", AFTER),
    "sort-rows": ("governance.pipeline.export", "_copy_rows", AFTER),
    "merge-rows": ("governance.pipeline.harmonise", "export", AFTER),
    "switch": ("governance.pipeline.harmonise", "switch_to", BEFORE),
    "switched": ("governance.pipeline.harmonise", "switch_to", AFTER),
    "decide": ("governance.catalogue.publication", "find_openings", AFTER),
    "write-files": ("governance.catalogue.publication", "_write_files", AFTER),
    "publish": ("governance.catalogue.file_catalogue", "write_pages", AFTER),
    "published": ("governance.catalogue.file_catalogue", "FileCatalogue._switch", AFTER),
}
"""Step → the function at which the process dies, before it or right after it."""


FAULTS: dict[str, Callable[[], None]] = {
    "die": lambda: os.kill(os.getpid(), signal.SIGKILL),
    "full": lambda: fill(load_settings().state_dir),
}
"""What may happen at a step."""


def arrange(fault: str, step: str) -> None:
    """Arrange for a fault to happen once, at a step of this process."""
    module, name, when = STEPS[step]
    owner: Any = importlib.import_module(module)
    *inside, last = name.split(".")
    for part in inside:
        owner = getattr(owner, part)
    original: Callable[..., Any] = getattr(owner, last)

    def doomed(*arguments: Any, **named: Any) -> Any:
        setattr(owner, last, original)
        if when == BEFORE:
            FAULTS[fault]()
        result = original(*arguments, **named)
        if when == AFTER:
            FAULTS[fault]()
        return result

    setattr(owner, last, doomed)


def main() -> None:
    """Run ``archipel run``, with the fault named on the command line."""
    if sys.argv[1:]:
        arrange(*sys.argv[1:])
    sys.argv = ["archipel", "run"]
    archipel()


if __name__ == "__main__":
    main()
