"""The documents say what the code does: reference pages are in step, and nothing that people use is undocumented."""

import ast
import re
from pathlib import Path

import pytest

from connectors.registry import connector_names
from governance.commands.main import COMMANDS
from governance.reference.api_page import openapi
from governance.reference.commands_page import command_tree
from governance.reference.dags_page import all_dags
from governance.reference.make_page import make_targets
from governance.reference.pages import FOLDER, PAGES, find_stale
from governance.reference.settings_page import said_of_fields
from governance.settings import Settings
from tests.conventions.test_declarations import EXPECTED_DAGS

ROOT = Path(__file__).parents[2]
HOWTO = ROOT / "docs" / "howto"
GUIDES = sorted([*HOWTO.glob("*.md"), ROOT / "docs" / "tutorial.md", ROOT / "README.md"])
CHANGE_PATHS = {
    "new-member": "add-a-member.md",
    "new-source": "add-a-source.md",
    "dry-run": "add-a-source.md",
    "new-dataset": "add-a-dataset.md",
    "new-connector": "add-a-connector.md",
    "new-policy": "add-a-policy-rule.md",
}
COMMAND = re.compile(r"(?:\.venv/bin/|`)archipel ((?:[a-z]+ ?)+)")
TARGET = re.compile(r"^`?(?:[A-Z_]+=\S+ )*make ([a-z]+(?:-[a-z]+)*)", re.MULTILINE)
OPTION = re.compile(r"(?<=\s)--[a-z]+(?:-[a-z]+)*")
VARIABLE = re.compile(r"\bARCHIPEL_([A-Z_]+)\b")
CODE = re.compile(r"```\w*\n(.*?)```|`([^`\n]+)`", re.DOTALL)


def _page(name: str) -> str:
    return (FOLDER / name).read_text(encoding="utf-8")


def _code_of(page: Path) -> str:
    found = CODE.findall(page.read_text(encoding="utf-8"))
    return "\n".join(f"`{block or inline}" for block, inline in found).replace("\\\n", " ")


def test_reference_pages_are_in_step_with_the_code() -> None:
    assert find_stale() == [], "run make docs"


def test_a_page_that_differs_is_named(tmp_path: Path) -> None:
    assert find_stale(tmp_path) == list(PAGES)
    (tmp_path / "make.md").write_text(_page("make.md") + "\nmore\n", encoding="utf-8")
    (tmp_path / "rules.md").write_text(_page("rules.md"), encoding="utf-8")
    assert set(find_stale(tmp_path)) == set(PAGES) - {"rules.md"}


def test_every_setting_is_documented_with_its_docstring() -> None:
    text, said = _page("settings.md"), said_of_fields(Settings)
    assert set(said) == set(Settings.model_fields)
    assert all(f"`ARCHIPEL_{name.upper()}`" in text for name in Settings.model_fields)


def test_every_connector_and_each_of_its_options_is_documented() -> None:
    headings = set(re.findall(r"^## `(\w+)`$", _page("connectors.md"), re.MULTILINE))
    assert headings == set(connector_names())


def test_every_dag_is_documented_and_every_pattern_has_a_dag() -> None:
    patterns = {
        re.sub(r"<[^>]+>", r"[\\w-]+", re.escape(dag.id_pattern).replace(r"\<", "<").replace(r"\>", ">")): dag
        for dag in all_dags()
    }
    matched = {dag: [pattern for pattern in patterns if re.fullmatch(pattern, dag)] for dag in EXPECTED_DAGS}
    assert all(len(found) == 1 for found in matched.values()), matched
    assert {found[0] for found in matched.values()} == set(patterns)
    assert all(f"## `{dag.id_pattern}`" in _page("dags.md") and dag.said and dag.tasks for dag in all_dags())


def test_every_command_is_documented_with_help_and_each_option_too() -> None:
    text = _page("commands.md")
    assert len(command_tree()) > len(COMMANDS)
    for name, command in command_tree().items():
        assert f"## `archipel {name}`" in text
        assert command.help, name
        for parameter in command.params:
            is_told = parameter.name in {"help", "limit"} or getattr(parameter, "help", None)
            assert is_told, f"archipel {name}: {parameter.name} has no help"


def test_every_route_is_documented_and_says_what_it_does() -> None:
    text = _page("api.md")
    paths = openapi()["paths"]
    assert len(paths) >= 5
    for path, methods in paths.items():
        for method, said in methods.items():
            assert f"## `{method.upper()} {path}`" in text
            assert said.get("description"), path


def test_every_route_of_the_application_is_on_the_page() -> None:
    """Read from the text, so that a router nobody told the page about is noticed."""
    app = (ROOT / "governance" / "api" / "app.py").read_text(encoding="utf-8")
    included = set(re.findall(r"include_router\((\w+)\.router", app))
    page = ast.parse((ROOT / "governance" / "reference" / "api_page.py").read_text(encoding="utf-8"))
    named = {
        node.value.id
        for node in ast.walk(page)
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.attr == "router"
    }
    assert included <= named


def test_every_make_target_says_what_it_does() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8").replace("\\\n", " ")
    targets = set(re.findall(r"^([a-z][a-z-]*):", makefile, re.MULTILINE))
    phony = re.findall(r"^\.PHONY: (.*)", makefile, re.MULTILINE)
    assert targets == set(make_targets()) == set(" ".join(phony).split())


@pytest.mark.parametrize("target", sorted(CHANGE_PATHS))
def test_every_change_path_has_its_target_and_its_page(target: str) -> None:
    assert target in make_targets()
    assert f"make {target} " in (HOWTO / CHANGE_PATHS[target]).read_text(encoding="utf-8")


def test_every_how_to_page_is_listed_and_links_to_the_reference_or_a_reason() -> None:
    index = (HOWTO / "README.md").read_text(encoding="utf-8")
    pages = {page.name for page in HOWTO.glob("*.md")} - {"README.md"}
    assert pages == set(re.findall(r"\]\(([\w.-]+\.md)\)", index))
    alone = [
        name
        for name in sorted(pages)
        if not re.search(r"\.\./(reference|reasons|glossary)", (HOWTO / name).read_text("utf-8"))
    ]
    assert alone == ["back-up.md"]


@pytest.mark.parametrize("page", GUIDES, ids=lambda page: page.name)
def test_guides_name_only_commands_targets_options_and_settings_that_exist(page: Path) -> None:
    text = _code_of(page)
    known = command_tree()
    targets = set(TARGET.findall(text))
    assert targets <= set(make_targets()), page
    settings = {name.lower() for name in VARIABLE.findall(text)} - {""}
    assert settings <= set(Settings.model_fields), page
    for line in text.splitlines():
        for words in COMMAND.findall(line):
            said = words.split()
            name = next((" ".join(said[:n]) for n in (2, 1) if " ".join(said[:n]) in known), None)
            assert name or said[0] in COMMANDS, f"{page.name}: archipel {words}"
            if name is not None and line.count("archipel") == 1:
                options = {option for parameter in known[name].params for option in parameter.opts}
                given = set(OPTION.findall(line.split("archipel", 1)[1]))
                assert given <= options | {"--help"}, f"{page.name}: {line}"


def test_the_tutorial_and_the_how_to_pages_are_read_by_these_tests() -> None:
    commands = sum(len(COMMAND.findall(_code_of(page))) for page in GUIDES)
    assert commands > 30
    assert len(GUIDES) > 12
