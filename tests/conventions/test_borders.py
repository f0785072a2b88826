"""Who may import whom, who reads the environment, who opens HTTP to the outside."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
MAY_NOT_IMPORT = {
    "connectors": {"governance", "dags", "infra", "tests"},
    "governance": {"dags", "infra", "tests"},
    "dags": {"infra", "tests", "connectors"},
    "infra": {"dags", "tests"},
}
READS_ENVIRONMENT = {"governance/settings.py", "infra/ckan/wsgi.py"}
"""The second runs in CKAN's environment and is told where its configuration lies."""
PASSES_ENVIRONMENT_ON = {f"infra/native/{name}.py" for name in ("opa_binary", "programs", "supervisor")}
"""They hand their own environment to a child process; they read no setting from it."""
SPEAKS_TO_OUR_OWN_SERVICES = {
    "governance/api/clocks.py",
    "governance/deadlines.py",
    "governance/decisions/policy_client.py",
    "governance/identity/keycloak/account.py",
    "governance/identity/keycloak/apply.py",
    "governance/identity/keycloak/partner_token.py",
    "governance/identity/keycloak/sign_in.py",
    "governance/identity/keys.py",
    "governance/orchestrator/airflow.py",
    "governance/timed_client.py",
    "infra/ckan/extension/archipel_ckan/issuer.py",
    "infra/ckan/extension/archipel_ckan/sign_in.py",
    "infra/native/opa_binary.py",
    "infra/native/service.py",
    "governance/catalogue/ckan/account.py",
}
HTTP_LIBRARIES = {"httpx", "requests", "aiohttp", "urllib3", "keycloak"}


def _files(folder: str) -> Iterator[Path]:
    yield from (ROOT / folder).rglob("*.py")


def _imports(path: Path) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return found


@pytest.mark.parametrize("folder", MAY_NOT_IMPORT)
def test_imports_go_one_way(folder: str) -> None:
    wrong = {
        str(path.relative_to(ROOT)): sorted(name for name in _imports(path) if name.split(".")[0] in forbidden)
        for path in _files(folder)
        if (forbidden := MAY_NOT_IMPORT[folder])
    }
    assert {path: names for path, names in wrong.items() if names} == {}


def test_only_the_settings_read_the_environment() -> None:
    readers = {
        str(path.relative_to(ROOT))
        for folder in ("governance", "connectors", "dags", "infra")
        for path in _files(folder)
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Attribute) and node.attr in {"environ", "getenv"}
    }
    assert readers - READS_ENVIRONMENT - PASSES_ENVIRONMENT_ON == set()


def test_only_the_guarded_session_opens_http_to_the_outside() -> None:
    openers = {
        str(path.relative_to(ROOT))
        for folder in ("governance", "connectors", "dags", "infra")
        for path in _files(folder)
        if {name.split(".")[0] for name in _imports(path)} & HTTP_LIBRARIES
    }
    connectors_own = {f"connectors/{name}.py" for name in ("answers", "egress", "http_file", "session", "transport")}
    allowed = SPEAKS_TO_OUR_OWN_SERVICES | connectors_own
    assert openers - allowed == set()


def test_dag_files_import_nothing_heavy() -> None:
    heavy = {"duckdb", "polars", "dbt", "sqlalchemy", "rdflib"}
    for path in _files("dags"):
        top = {
            name
            for node in ast.parse(path.read_text(encoding="utf-8")).body
            if isinstance(node, ast.Import | ast.ImportFrom)
            for name in ([node.module or ""] if isinstance(node, ast.ImportFrom) else [a.name for a in node.names])
        }
        assert {name.split(".")[0] for name in top} & heavy == set(), path
        assert not any(name.startswith("governance.pipeline.steps") for name in top), path
