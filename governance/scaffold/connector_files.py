"""A new connector: its module, its own test, and its place in the suite that every connector passes."""

import re
import sys
from pathlib import Path

from governance.lake import write_atomically
from governance.scaffold.files import render, write_new
from governance.scaffold.problems import ScaffoldError

SUITE = Path("tests") / "connectors" / "test_every_connector.py"
_NAME = re.compile(r"^[a-z][a-z0-9]*(_[a-z0-9]+)*$")
_CASES = re.compile(r"^CASES = \{(.*?)\}$", re.MULTILINE | re.DOTALL)
_WIDTH = 120


def _with_case(suite: str, name: str) -> str:
    found = _CASES.search(suite)
    if found is None:
        raise ScaffoldError(f"{SUITE} has no CASES to add to; add a case by hand after it is mended")
    known = dict(re.findall(r'"(\w+)": (\w+)', found.group(1)))
    pairs = [f'"{key}": {function}' for key, function in {**known, name: f"_{name}"}.items()]
    line = f"CASES = {{{', '.join(pairs)}}}"
    # Broken the way the formatter breaks it, so that the suite stays in format.
    cases = line if len(line) <= _WIDTH else "CASES = {\n" + "".join(f"    {pair},\n" for pair in pairs) + "}"
    return suite[: found.start()] + render("connector_case.py.txt", name=name) + cases + suite[found.end() :]


def write_connector(project: Path, name: str) -> list[Path]:
    """Write a connector that works, to be changed into what its protocol needs; return the paths touched.

    Raises:
        ScaffoldError: a name that is not one, is Python's own, or is taken.
    """
    if not _NAME.match(name):
        raise ScaffoldError(f"{name!r} is no name for a connector: protocol and noun, as in ogc_features")
    if name in sys.stdlib_module_names:
        raise ScaffoldError(f"{name!r} is a module of Python itself; add a noun, as in {name}_file")
    suite = project / SUITE
    with_case = _with_case(suite.read_text(encoding="utf-8"), name)
    written = write_new(
        {
            project / "connectors" / f"{name}.py": render("connector.py.txt", name=name),
            project / "tests" / "connectors" / f"test_{name}.py": render("connector_test.py.txt", name=name),
        }
    )
    write_atomically(suite, with_case.encode())
    return [*written, suite]
