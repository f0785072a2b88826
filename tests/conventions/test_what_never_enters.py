"""Secrets, absolute paths of a machine and host names of registries stay out of the repository."""

import re
import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[2]
_REGISTRIES = (
    "pypi" + ".org",
    "files.python" + "hosted",
    "registry.npm" + "js",
    "proxy.gol" + "ang.org",
    "repo1.mav" + "en",
)
PATTERNS = {
    "absolute path": re.compile(r"(?<![\w.])/(?:home|Users|root|work)/[a-z]"),
    "registry host": re.compile("|".join(re.escape(host) for host in _REGISTRIES)),
    "private key": re.compile("-----BEGIN (?:EC |RSA )?PRIVATE " + "KEY-----"),
    "index option in a lock": re.compile(r"^--(?:extra-)?index-url", re.MULTILINE),
}


def _tracked() -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return [ROOT / line for line in listed.stdout.splitlines() if (ROOT / line).is_file()]


def test_no_tracked_file_holds_what_must_stay_out() -> None:
    found = []
    for path in _tracked():
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
        found += [f"{path.relative_to(ROOT)}: {what}" for what, pattern in PATTERNS.items() if pattern.search(text)]
    assert found == []


def test_no_tracked_file_is_above_one_megabyte() -> None:
    assert [str(path) for path in _tracked() if path.stat().st_size > 1_000_000] == []


def test_no_code_leaves_work_for_later() -> None:
    marker = re.compile(r"\b(?:TO" + r"DO|FIX" + r"ME|X" + r"XX)\b|NotImplemented" + "Error")
    code = [path for path in _tracked() if path.suffix in {".py", ".sql", ".rego", ".sh"}]
    assert [str(path) for path in code if marker.search(path.read_text(encoding="utf-8"))] == []
