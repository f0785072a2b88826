"""Every DAG, read from the text of ``dags/``: Airflow takes seconds to import and wants a home of its own."""

import ast
from dataclasses import dataclass
from pathlib import Path

from governance.reference.markdown import code, page, table
from governance.settings import PROJECT_ROOT


@dataclass(frozen=True)
class DagText:
    """What the text of a DAG file says of one DAG; ``schedule`` is an expression of Python."""

    file: str
    id_pattern: str
    schedule: str
    tasks: tuple[str, ...]
    said: str
    """First lines of the file's docstring."""


def _is_named(node: ast.expr, name: str) -> bool:
    called = node.func if isinstance(node, ast.Call) else node
    return isinstance(called, ast.Name) and called.id == name


def _pattern(value: ast.expr | None, default: str) -> str:
    """A fixed id as it is, an f-string with what varies in angle brackets."""
    if value is None:
        return default
    if isinstance(value, ast.Constant):
        return str(value.value)
    parts = value.values if isinstance(value, ast.JoinedStr) else [value]
    return "".join(
        str(part.value)
        if isinstance(part, ast.Constant)
        else f"<{ast.unparse(part.value if isinstance(part, ast.FormattedValue) else part)}>"
        for part in parts
    )


def dags_of(path: Path) -> list[DagText]:
    """Return the DAGs that a file declares with ``@dag``, in their order."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    said = (ast.get_docstring(tree) or "").strip()
    found = []
    for node in ast.walk(tree):
        if not isinstance(node, ast.FunctionDef):
            continue
        for decorator in node.decorator_list:
            if _is_named(decorator, "dag") and isinstance(decorator, ast.Call):
                given = {word.arg: word.value for word in decorator.keywords}
                schedule = ast.unparse(given["schedule"]) if "schedule" in given else ""
                tasks = tuple(
                    inner.name
                    for inner in node.body
                    if isinstance(inner, ast.FunctionDef)
                    and any(_is_named(each, "task") for each in inner.decorator_list)
                )
                found.append(DagText(path.name, _pattern(given.get("dag_id"), node.name), schedule, tasks, said))
    return found


def all_dags(folder: Path = PROJECT_ROOT / "dags") -> list[DagText]:
    """Return the DAGs of every file of a folder, by file."""
    return [dag for path in sorted(folder.glob("*.py")) for dag in dags_of(path)]


def dags_page() -> str:
    """Return ``dags.md``."""
    words = (
        "When things run, in Airflow. A DAG file holds no logic: each task calls one function of `governance`, and so "
        "does [`archipel`](commands.md), so the same work runs [without Airflow](../howto/run-without-airflow.md). "
        "Schedules are in the time of the town halls."
    )
    sections = [
        f"## `{dag.id_pattern}`\n\n{dag.said}\n\n"
        + table(
            ("", ""),
            [
                ("file", f"[`dags/{dag.file}`](../../dags/{dag.file})"),
                ("schedule", code(dag.schedule)),
                ("tasks", ", ".join(code(name) for name in dag.tasks)),
            ],
        )
        for dag in all_dags()
    ]
    return page("DAGs", words, *sections)
