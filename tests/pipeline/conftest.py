"""A federation of two communes over local folders, so that a test changes a file and runs the real steps."""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
import yaml

from governance.federation import load_federation
from governance.pipeline.harvest import harvest
from governance.platform import Platform, open_platform
from governance.settings import PROJECT_ROOT, Settings, load_settings
from governance.state.cursors import find_accepted
from governance.state.receipts import Receipt

HEADER = "id_local,nom_lieu,insee,type,date_maj,ouvert,Xlong,Ylat"


def place(number: int, town: str = "44052", name: str = "") -> str:
    """One valid line of the car-sharing dataset; synthetic."""
    label = name or f"Aire exemple {number}"
    return f"{town}-C-{number:03d},{label},{town},Parking,2026-01-15,true,-2.07,47.32"


@dataclass(frozen=True)
class World:
    """The platform over two folders, one a commune."""

    platform: Platform
    folders: dict[str, Path]

    def write(self, member: str, *lines: str) -> None:
        """Replace a commune's file."""
        (self.folders[member] / "lieux.csv").write_text("\n".join([HEADER, *lines]) + "\n", encoding="utf-8")

    def harvest(self) -> dict[str, Receipt]:
        """Run every source; receipts by member."""
        receipts = harvest(self.platform, list(self.platform.federation.sources()))
        return {receipt.member_id: receipt for receipt in receipts}

    def hold(self) -> None:
        """Let twenty rows of Donges stand and a file of two wait."""
        self.write("donges", *(place(number) for number in range(1, 21)))
        self.harvest()
        self.write("donges", place(1), place(2))
        assert self.harvest()["donges"].outcome == "held"

    def accepted(self, member: str) -> int:
        """How many rows of a commune stand."""
        key = (member, "lieux_covoiturage")
        return find_accepted(self.platform.engine, [key])[key].rows

    def declare(self, member: str, **changes: object) -> "World":
        """Change a source's declaration and read the federation again."""
        path = self.platform.settings.federation_dir / "members" / f"{member}.yaml"
        declared = yaml.safe_load(path.read_text(encoding="utf-8"))
        declared["sources"][0].update(changes)
        path.write_text(yaml.safe_dump(declared, allow_unicode=True), encoding="utf-8")
        federation = load_federation(self.platform.settings.federation_dir)
        return replace(self, platform=replace(self.platform, federation=federation))

    def files(self) -> dict[Path, int]:
        """Every file of the lake, the warehouse and the catalogue with the instant it was last written."""
        state = self.platform.settings.state_dir
        watched = [state / name for name in ("lake", "warehouse", "catalogue", "dbt")]
        found = (path for folder in watched for path in folder.rglob("*") if path.is_file())
        return {path: path.stat().st_mtime_ns for path in found if path.suffix != ".lock"}


MEMBERS = {"donges": ("Donges", "44052", 8201), "trignac": ("Trignac", "44210", 8316)}


def make_world(folder: Path, database_url: str | None = None) -> World:
    """Declare the two communes below a folder; nothing is run."""
    root = folder / "federation"
    shutil.copytree(PROJECT_ROOT / "federation", root, ignore=shutil.ignore_patterns("external"))
    for path in [*root.glob("members/*.yaml"), *root.glob("partners/*.yaml")]:
        declared = yaml.safe_load(path.read_text(encoding="utf-8"))
        declared["sources"] = []
        where = folder / "folders" / path.stem
        if path.stem in MEMBERS:
            where.mkdir(parents=True)
            options = {"folder": str(where), "pattern": "*.csv"}
            declared["sources"] = [{"dataset": "lieux_covoiturage", "connector": "local_folder", "options": options}]
        path.write_text(yaml.safe_dump(declared, allow_unicode=True), encoding="utf-8")
    settings = Settings(
        federation_dir=root,
        state_dir=folder / "state",
        source_folders=(folder / "folders",),
        opa_url="http://127.0.0.1:9",
        database_url=database_url,
    )
    return World(open_platform(settings), {name: folder / "folders" / name for name in MEMBERS})


@pytest.fixture
def database_url() -> str | None:
    """Where the world's state lies: in its folder, unless the tests of a folder say otherwise."""
    return None


@pytest.fixture
def world(tmp_path: Path, database_url: str | None, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    if database_url is not None:
        # For the commands that a test types.
        monkeypatch.setenv("ARCHIPEL_DATABASE_URL", database_url)
        load_settings.cache_clear()
    yield make_world(tmp_path, database_url)
    load_settings.cache_clear()
