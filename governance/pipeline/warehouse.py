"""The one place that writes the warehouse: dbt in this process."""

import hashlib
import json
import logging
from collections.abc import Iterable, Mapping, Sequence
from contextvars import copy_context
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from connectors.problems import is_out_of_room
from governance.settings import Settings
from governance.telemetry.trace_context import step

log = logging.getLogger("dbt_build")
MEMORY_LIMIT = "2GiB"
"""What DuckDB may hold before it goes to the disk: a federation's rows need not fit in memory."""


class BuildFailed(RuntimeError):
    """dbt could not read the project or open the warehouse at all; the message is dbt's."""


@dataclass(frozen=True)
class SharedModel:
    """A model of the shared layer, as dbt's manifest declares it."""

    name: str
    dataset: str
    relation: str
    sources: tuple[str, ...]
    """Datasets whose accepted rows it is made of."""


@dataclass(frozen=True)
class Build:
    """What one dbt build did: the project's shared models, those built anew, and why others failed."""

    shared: tuple[SharedModel, ...]
    built: frozenset[str]
    failures: tuple[str, ...]
    """``<model or test>: <dbt's words>``, one each."""


def warehouse_path(settings: Settings) -> Path:
    """Path of the DuckDB file that only this module opens."""
    return settings.state_dir / "warehouse" / "warehouse.duckdb"


def project_fingerprint(settings: Settings) -> str:
    """SHA-256 over the dbt project's files: a changed model is a reason to build."""
    digest = hashlib.sha256()
    for path in project_files(settings):
        digest.update(path.relative_to(settings.dbt_dir).as_posix().encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()


def project_files(settings: Settings) -> list[Path]:
    """Return the files that the dbt project is made of, in a fixed order."""
    found = (path.relative_to(settings.dbt_dir) for path in settings.dbt_dir.rglob("*") if path.is_file())
    kept = (path for path in found if path.suffix in {".sql", ".yml", ".csv"} and "target" not in path.parts)
    return [settings.dbt_dir / path for path in sorted(kept)]


def build(settings: Settings, lake_root: Path, select: Sequence[str] | None) -> Build:
    """Run ``dbt build`` in this process, on everything or on a selection.

    A model that fails, or whose tests fail, is among the failures and not among those built; others go on.

    Raises:
        BuildFailed: the project cannot be read, dbt itself broke, or there is no room left on the disk.
    """
    # Imported here: dbt takes seconds to import, and whoever only asks what is to be done need not wait for it.
    from dbt.adapters.duckdb.connections import DuckDBConnectionManager
    from dbt.cli.main import dbtRunner, dbtRunnerResult

    target = settings.state_dir / "dbt" / "target"
    warehouse_path(settings).parent.mkdir(parents=True, exist_ok=True)
    variables = {"lake": str(lake_root.resolve()), "warehouse": str(warehouse_path(settings).resolve())}
    variables["memory_limit"] = MEMORY_LIMIT
    arguments = ["--quiet", "build", "--project-dir", str(settings.dbt_dir), "--profiles-dir", str(settings.dbt_dir)]
    arguments += ["--target-path", str(target), "--log-path", str(settings.state_dir / "dbt" / "logs")]
    arguments += ["--vars", json.dumps(variables), "--log-level", "none"]
    if select is not None:
        arguments += ["--select", *select]
    with step("dbt build"):
        # dbt speaks from threads of its own, which do not know what they work for; two may speak at once: a copy each.
        here = copy_context()
        runner = dbtRunner(callbacks=[lambda event: here.copy().run(_log_event, event)])
        result: dbtRunnerResult = runner.invoke(arguments)
    # Left to itself it keeps the warehouse open for as long as the process lives, and no other can build.
    DuckDBConnectionManager.close_all_connections()
    if result.exception is not None:
        raise BuildFailed(str(result.exception)) from result.exception
    outcomes = list(result.result or [])
    bad = [o for o in outcomes if str(o.status) in {"error", "fail", "runtime error"}]
    if lacking := next((o.message for o in bad if o.message and is_out_of_room(str(o.message))), None):
        # No model is to blame, and what is left over of the build is no version: it is done again.
        raise BuildFailed(_first_words(lacking))
    # A failed test spoils the models it looks at; a failed model spoils itself, and dbt skips what follows.
    tests = [o for o in bad if o.node.resource_type != "model"]
    spoiled = {parent for o in tests for parent in o.node.depends_on.nodes}
    built = frozenset(
        o.node.name
        for o in outcomes
        if o.node.resource_type == "model" and str(o.status) == "success" and o.node.unique_id not in spoiled
    )
    manifest = json.loads((target / "manifest.json").read_text(encoding="utf-8"))
    return Build(
        shared=tuple(_shared_models(manifest["nodes"], manifest["sources"])),
        built=built,
        failures=tuple(f"{o.node.name}: {_first_words(o.message or str(o.status))}" for o in bad),
    )


def _log_event(event: Any) -> None:
    """Say what dbt says, in our own log: with the trace id, and with the id by which dbt's manifest knows the build."""
    if event.info.level in ("info", "warn", "error") and event.info.msg:
        # What failed is among the failures of the build: said there in words, and here among the rest.
        more = {"dbt_level": event.info.level, "dbt_invocation_id": event.info.invocation_id}
        log.info("%s", event.info.msg, extra=more)


def _first_words(message: str) -> str:
    """What dbt says of a failure, without the stack of macros that led to it."""
    return message.split("\n  > in macro")[0].strip()


def _shared_models(nodes: Mapping[str, Any], sources: Mapping[str, Any]) -> Iterable[SharedModel]:
    for name, node in nodes.items():
        if node["resource_type"] != "model" or node["schema"] != "shared":
            continue
        config = node["config"]
        dataset = config["meta"].get("dataset")
        if dataset is None:
            raise BuildFailed(f"{node['name']}: config.meta.dataset is missing, so nobody knows its contract")
        made_of = {
            sources[one]["name"] for one in _ancestors(name, nodes) & sources.keys() if _is_accepted(sources[one])
        }
        yield SharedModel(str(node["name"]), dataset, f"shared.{node['name']}", tuple(sorted(made_of)))


def _is_accepted(source: Mapping[str, Any]) -> bool:
    return bool(source["source_name"] == "accepted")


def _ancestors(name: str, nodes: Mapping[str, Any]) -> set[str]:
    parents = set(nodes[name]["depends_on"]["nodes"]) if name in nodes else set()
    return parents.union(*(_ancestors(parent, nodes) for parent in parents))
