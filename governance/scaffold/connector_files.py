"""A new connector: its module, its own test, and its source in the suite that every connector passes."""

import re
import sys
from pathlib import Path

from governance.lake import write_atomically
from governance.scaffold.files import render, write_new
from governance.scaffold.problems import ScaffoldError

ADAPTERS = Path("tests") / "connectors" / "contract" / "adapters"
PAGE = Path("docs") / "howto" / "choose-a-connector.md"
_NAME = re.compile(r"^[a-z][a-z0-9]*(_[a-z0-9]+)*$")
_CANNOT = re.compile(r'^        "(\w+)": "(.+)",$', re.MULTILINE)


def write_connector(project: Path, name: str) -> list[Path]:
    """Write a connector that works, to be changed into what its protocol needs; return the paths touched.

    Raises:
        ScaffoldError: a name that is not one, is Python's own, or is taken.
    """
    if not _NAME.match(name):
        raise ScaffoldError(f"{name!r} is no name for a connector: protocol and noun, as in ogc_features")
    if name in sys.stdlib_module_names:
        raise ScaffoldError(f"{name!r} is a module of Python itself; add a noun, as in {name}_file")
    adapter = render("connector_adapter.py.txt", name=name)
    written = write_new(
        {
            project / "connectors" / f"{name}.py": render("connector.py.txt", name=name),
            project / "tests" / "connectors" / f"test_{name}.py": render("connector_test.py.txt", name=name),
            project / ADAPTERS / f"{name}.py": adapter,
        }
    )
    # The page ends with the table of what protocols do not allow; the suite holds it against the adapters.
    page = project / PAGE
    rows = "".join(f"| `{name}` | `{fact}` | {reason} |\n" for fact, reason in _CANNOT.findall(adapter))
    write_atomically(page, f"{page.read_text(encoding='utf-8').rstrip()}\n{rows}".encode())
    return [*written, page]
