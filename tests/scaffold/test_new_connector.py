"""A new connector works as written, is in the suite of all connectors, and is in format."""

import subprocess
import sys

import pytest

from tests.scaffold.conftest import New


def _run(new: New, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", *arguments], cwd=new.project, capture_output=True, text=True, check=False, timeout=120
    )


def test_connector_passes_the_suite_that_every_connector_passes(new: New) -> None:
    done = new("connector", "oai_pmh")
    assert done.exit_code == 0, done.output
    tests = _run(
        new,
        "pytest",
        "-q",
        "-n0",
        "-p",
        "no:cacheprovider",
        "tests/connectors",
        "-k",
        "oai_pmh or of_its_name or page_names",
    )
    assert tests.returncode == 0, tests.stdout
    # At least the facts of the shared suite and the two of its own.
    assert int(tests.stdout.split(" passed")[0].split()[-1]) >= 20


def test_several_connectors_can_be_added_and_stay_in_format(new: New) -> None:
    names = ("oai_pmh", "sparql_query", "soap_service", "webdav_folder")
    for name in names:
        assert new("connector", name).exit_code == 0
    own = [f"tests/connectors/{kind}{name}.py" for name in names for kind in ("test_", "contract/adapters/")]
    checked = _run(new, "ruff", "check", "connectors", *own)
    formatted = _run(new, "ruff", "format", "--check", "connectors", *own)
    assert (checked.returncode, formatted.returncode) == (0, 0), checked.stdout + formatted.stdout
    suite = _run(
        new, "pytest", "-q", "-n0", "-p", "no:cacheprovider", "tests/connectors", "-k", "of_its_name or page_names"
    )
    assert suite.returncode == 0, suite.stdout


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("http_file", "exists already"),
        ("csv", "module of Python itself"),
        ("OgcFeatures", "no name"),
        ("../x", "no name"),
    ],
)
def test_connector_that_cannot_be_writes_nothing_and_says_why(new: New, name: str, words: str) -> None:
    before = new.tree()
    done = new("connector", name)
    assert (done.exit_code, new.tree() == before) == (2, True)
    assert words in done.stderr
