"""The models between accepted rows and shared datasets, as dbt's own manifest of the last build declares them."""

import json
from functools import lru_cache
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict

from governance.settings import Settings


class Model(BaseModel):
    """One dbt model; `parents` are names of models, or ``accepted.<dataset>`` and ``reference.<table>``."""

    model_config = ConfigDict(frozen=True)

    name: str
    layer: str
    """Schema it is built in: staging, intermediate, marts, shared."""
    path: str
    """Of its SQL, below the dbt project."""
    description: str
    dataset: str | None
    """Of the shared layer, for a model that is one."""
    parents: tuple[str, ...]


def read_models(settings: Settings) -> dict[str, Model]:
    """Return every model by its name; none before the first build."""
    path = settings.state_dir / "dbt" / "target" / "manifest.json"
    try:
        return _read(path, path.stat().st_mtime_ns)
    except FileNotFoundError:
        return {}


@lru_cache(maxsize=4)
def _read(path: Path, _written: int) -> dict[str, Model]:
    """Read once a build: the file has a megabyte, and pages are looked at more often than built."""
    manifest = json.loads(path.read_text(encoding="utf-8"))
    names = {key: f"{source['source_name']}.{source['name']}" for key, source in manifest["sources"].items()}
    found = {key: node for key, node in manifest["nodes"].items() if node["resource_type"] == "model"}
    names |= {key: str(node["name"]) for key, node in found.items()}
    return {node["name"]: _model(node, names) for node in found.values()}


def _model(node: dict[str, Any], names: dict[str, str]) -> Model:
    return Model(
        name=node["name"],
        layer=node["schema"],
        path=node["original_file_path"],
        description=node["description"],
        dataset=node["config"]["meta"].get("dataset") if node["schema"] == "shared" else None,
        parents=tuple(sorted(names[parent] for parent in node["depends_on"]["nodes"] if parent in names)),
    )
