"""Every target of the Makefile, with the words that ``make help`` shows."""

import re

from governance.reference.markdown import code, page, table
from governance.settings import PROJECT_ROOT

_TARGET = re.compile(r"^([a-z-]+):.*?## (.*)$", re.MULTILINE)


def make_targets() -> dict[str, str]:
    """Return target to what it does, in the order of the Makefile."""
    return dict(_TARGET.findall((PROJECT_ROOT / "Makefile").read_text(encoding="utf-8")))


def make_page() -> str:
    """Return ``make.md``."""
    words = "Two do everything: `make run` and `make test`. Variables are given as `make new-member ID=saint-exemple`."
    rows = [(code(f"make {target}"), said) for target, said in make_targets().items()]
    return page("Make targets", words, table(("target", "does"), rows))
