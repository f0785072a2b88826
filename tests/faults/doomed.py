"""The main job in a process that kills itself at one step, without a word: ``python -m tests.faults.doomed [<step>]``.

Settings come from the environment, as for ``archipel run``. Without a step nobody dies.
"""

import importlib
import os
import signal
import sys
from collections.abc import Callable
from typing import Any

from governance.pipeline.engine import with_policy_engine
from governance.pipeline.run import run_main_job
from governance.platform import open_platform
from governance.settings import load_settings

BEFORE, AFTER = "before", "after"
STEPS: dict[str, tuple[str, str, str]] = {
    "fetch": ("connectors.draft", "Draft.keep", BEFORE),
    "land": ("governance.intake.landing", "_move", BEFORE),
    "landed": ("governance.intake.landing", "_move", AFTER),
    "validate": ("governance.pipeline.harvest", "examine", AFTER),
    "keep-rows": ("governance.pipeline.settle", "write_accepted", AFTER),
    "keep-receipts": ("governance.pipeline.settle", "end_checks", AFTER),
    "harmonise": ("governance.pipeline.harmonise", "build", AFTER),
    "switch": ("governance.pipeline.harmonise", "switch_to", BEFORE),
    "switched": ("governance.pipeline.harmonise", "switch_to", AFTER),
    "decide": ("governance.catalogue.publication", "find_openings", AFTER),
    "write-files": ("governance.catalogue.publication", "_write_files", AFTER),
    "publish": ("governance.catalogue.file_catalogue", "write_pages", AFTER),
    "published": ("governance.catalogue.file_catalogue", "FileCatalogue._switch", AFTER),
}
"""Step → the function at which the process dies, before it or right after it."""


def die(step: str) -> None:
    """Arrange for this process to be killed at a step."""
    module, name, when = STEPS[step]
    owner: Any = importlib.import_module(module)
    *inside, last = name.split(".")
    for part in inside:
        owner = getattr(owner, part)
    original: Callable[..., Any] = getattr(owner, last)

    def doomed(*arguments: Any, **named: Any) -> None:
        if when == AFTER:
            original(*arguments, **named)
        os.kill(os.getpid(), signal.SIGKILL)

    setattr(owner, last, doomed)


def main() -> int:
    """Run the main job and die; ends with 0 when the step never came."""
    for step in sys.argv[1:]:
        die(step)
    with with_policy_engine(load_settings()) as settings:
        run_main_job(open_platform(settings), lambda _: None, lambda _: None)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
