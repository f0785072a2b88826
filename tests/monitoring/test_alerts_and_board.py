"""Alerts and board: every query names metrics that exist; each alert says what to do and where to look."""

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import promql_parser as promql
import pytest
import yaml
from fastapi.routing import APIRoute

from governance.console.pages import router as console
from governance.metrics.definitions import METRICS
from infra.monitoring.board import BOARD, FILE, as_text

ROOT = Path(__file__).parents[2]
MONITORING = ROOT / "infra" / "monitoring"
OF_PROMETHEUS = {"up"}
KNOWN = {metric.full_name: set(metric.labels) for metric in METRICS}


def _alerts() -> list[dict[str, Any]]:
    groups = yaml.safe_load((MONITORING / "alerts.yaml").read_text(encoding="utf-8"))["groups"]
    return [rule for group in groups for rule in group["rules"]]


def _board_queries() -> list[str]:
    return [query for panels in BOARD.values() for panel in panels for query in panel.queries.values()]


def _selectors(found: Any) -> list[Any]:
    """Every selector of a query, by the grammar of Prometheus."""
    if isinstance(found, promql.VectorSelector):
        return [found]
    parts = [getattr(found, name, None) for name in ("expr", "lhs", "rhs", "vector_selector", "param")]
    parts += list(getattr(found, "args", None) or [])
    return [selector for part in parts if part is not None for selector in _selectors(part)]


@pytest.mark.parametrize("query", [*(rule["expr"] for rule in _alerts()), *_board_queries()])
def test_every_query_names_metrics_and_labels_that_exist(query: str) -> None:
    selectors = _selectors(promql.parse(query))
    assert selectors
    for selector in selectors:
        name = selector.name.removesuffix("_bucket") if selector.name.endswith("_seconds_bucket") else selector.name
        assert name in KNOWN or name in OF_PROMETHEUS, name
        asked = {matcher.name for matcher in selector.matchers.matchers}
        assert asked <= KNOWN.get(name, {"job"}) | {"le"}, query


def test_a_query_that_names_no_metric_of_ours_is_noticed() -> None:
    (selector,) = _selectors(promql.parse("sum(rate(archipel_nothing_total[5m])) > 0"))
    assert selector.name not in KNOWN


@pytest.mark.parametrize("rule", _alerts(), ids=lambda rule: rule["alert"])
def test_an_alert_says_what_to_do_and_names_a_page_that_exists(rule: dict[str, Any]) -> None:
    said = rule["annotations"]
    assert rule["labels"]["severity"] in {"critical", "warning", "info"}
    assert len(said["summary"]) > 20 and len(said["action"]) > 40
    path = re.sub(r"\{\{ \$labels\.(\w+) \}\}", "x", said["page"]).partition("?")[0].removeprefix("/fr")
    routes = [route for route in console.routes if isinstance(route, APIRoute)]
    assert any(route.path_regex.match(path) for route in routes), path


def test_commands_that_alerts_name_exist() -> None:
    from governance.commands.main import COMMANDS
    from governance.reference.make_page import make_targets

    actions = " ".join(rule["annotations"]["action"] for rule in _alerts())
    commands, targets = set(re.findall(r"`archipel (\w+)", actions)), set(re.findall(r"`make ([\w-]+)", actions))
    assert commands and commands <= set(COMMANDS)
    assert targets and targets <= set(make_targets())


@pytest.mark.skipif(shutil.which("promtool") is None, reason="needs Debian's prometheus")
def test_prometheus_takes_the_rules_and_each_tried_alert_fires_when_it_should() -> None:
    for arguments in (
        ["check", "rules", "alerts.yaml"],
        ["check", "config", "prometheus.yaml"],
        ["test", "rules", "alerts_test.yaml"],
    ):
        ran = subprocess.run(["promtool", *arguments], cwd=MONITORING, capture_output=True, text=True, check=False)
        assert ran.returncode == 0, ran.stdout + ran.stderr


def test_the_board_is_the_one_that_is_declared() -> None:
    assert FILE.read_text(encoding="utf-8") == as_text(), "run python -m infra.monitoring.board"


def test_no_panel_covers_another_and_each_says_what_it_answers() -> None:
    from infra.monitoring.board import board

    taken: set[tuple[int, int]] = set()
    for panel in board()["panels"]:
        place = panel["gridPos"]
        cells = {
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        }
        assert not cells & taken, panel["title"]
        assert place["x"] + place["w"] <= 24
        taken |= cells
        assert panel["type"] == "row" or panel["description"]
