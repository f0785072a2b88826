"""A second federation on real files, run once by the main job for every test of this folder."""

import json
import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

from governance.contracts.odcs import dump_contract, load_contracts
from governance.contracts.table_schema import from_table_schema
from governance.federation import Contact
from governance.pipeline.engine import with_policy_engine
from governance.pipeline.run import MainJob, run_main_job
from governance.platform import Platform, open_platform
from governance.scaffold.dataset_models import model_files
from governance.scaffold.files import write_new
from governance.settings import Settings

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
SHARED = ROOT.parent / "shared"
OURS = ("subventions", "lieux_covoiturage", "menus_collectifs")


@dataclass(frozen=True)
class Accepted:
    """The platform after one main job on the real files."""

    platform: Platform
    job: MainJob


def _write_federation(folder: Path) -> None:
    shutil.copytree(HERE / "federation", folder)
    for path in [*folder.glob("members/*.yaml"), *folder.glob("partners/*.yaml")]:
        path.write_text(path.read_text(encoding="utf-8").replace("{data}", str((SHARED / "data").resolve())))
    for name in OURS:
        text = (ROOT / "federation" / "contracts" / f"{name}.yaml").read_text(encoding="utf-8")
        (folder / "contracts" / f"{name}.yaml").write_text(text.replace("carene", "nantes"), encoding="utf-8")
    for dataset, version in yaml.safe_load((HERE / "registry_contracts.yaml").read_text()).items():
        descriptor = json.loads((SHARED / "schemas" / version / "schema.json").read_text(encoding="utf-8"))
        contract = from_table_schema(descriptor).model_copy(
            update={"id": dataset, "steward": "nantes", "licence": "https://spdx.org/licenses/etalab-2.0"}
        )
        (folder / "contracts" / f"{dataset}.yaml").write_text(dump_contract(contract), encoding="utf-8")


def _write_models(folder: Path, contracts: Path) -> None:
    """The dbt project of this federation, written by the same scaffold as `archipel new dataset`."""
    shutil.copytree(ROOT / "dbt", folder, ignore=shutil.ignore_patterns("models", "target", "logs"))
    (folder / "models" / "staging").mkdir(parents=True)
    for name in ("staging/_staging__sources.yml", "groups.yml"):
        shutil.copy(ROOT / "dbt" / "models" / name, folder / "models" / name)
    shutil.copytree(ROOT / "dbt/models/staging/reference", folder / "models/staging/reference")
    for contract in load_contracts(contracts).values():
        names = {"domain": "acceptance", "entity": "row", "group": "territoire"}
        owner = Contact(name="exemple", email="donnees@federation.example")
        write_new(model_files(folder, contract, **names, owner=owner))


@pytest.fixture(scope="session")
def accepted(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Accepted]:
    if not (SHARED / "data").is_dir():
        if os.environ.get("ARCHIPEL_TEST_REQUIRE_SHARED"):
            pytest.fail("the reference material folder must be beside the project")
        pytest.skip("the reference material folder is not beside the project")
    base = tmp_path_factory.mktemp("acceptance")
    _write_federation(base / "federation")
    _write_models(base / "dbt", base / "federation" / "contracts")
    wanted = Settings(
        federation_dir=base / "federation",
        state_dir=base / "state",
        dbt_dir=base / "dbt",
        source_folders=((SHARED / "data").resolve(),),
        opa_url="http://127.0.0.1:9",  # nobody answers there, so that the run starts an engine of its own
    )
    with with_policy_engine(wanted) as settings:
        platform = open_platform(settings)
        job = run_main_job(platform, say=lambda _: None, told=lambda _: None)
        yield Accepted(platform, job)
