"""The Grafana board, declared: ``python -m infra.monitoring.board`` writes ``archipel-board.json`` from it.

A declaration of ours and no library: a panel is a title, a question to Prometheus and a unit, and the rest of the file
is the same for all. Source: Grafana, dashboard JSON model, schema version 39.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

FILE = Path(__file__).parent / "archipel-board.json"
_WIDTH, _ROW = 24, 8
_DURATIONS = "sum by (le) (rate(archipel_http_request_duration_seconds_bucket[5m]))"
_SOURCE = {"type": "prometheus", "uid": "${datasource}"}


@dataclass(frozen=True)
class Panel:
    """One picture: what it answers, the queries (legend to PromQL) and the unit, as Grafana names it."""

    title: str
    said: str
    queries: dict[str, str]
    kind: Literal["timeseries", "stat", "table", "bargauge"] = "timeseries"
    unit: str = "short"
    width: int = 8


BOARD: dict[str, tuple[Panel, ...]] = {
    "Ce qui demande quelqu'un": (
        Panel(
            "Sources en retard",
            "Deux passages prévus sans réponse utilisable.",
            {"sources": "count(archipel_source_overdue_seconds > 0) or vector(0)"},
            "stat",
            width=4,
        ),
        Panel(
            "Fichiers retenus",
            "À confirmer par une personne.",
            {"fichiers": "sum(archipel_held_files)"},
            "stat",
            width=4,
        ),
        Panel(
            "Moteur de décision",
            "1 : il applique la version en vigueur.",
            {"actif": 'archipel_policy_engine{verdict="active"}'},
            "stat",
            width=4,
        ),
        Panel(
            "Catalogue en écart",
            "0 : il est celui des décisions.",
            {"écarts": "sum(archipel_catalogue_drift)"},
            "stat",
            width=4,
        ),
        Panel(
            "Avis en attente",
            "Notifications pas encore remises.",
            {"avis": 'archipel_notices{state="waiting"}'},
            "stat",
            width=4,
        ),
        Panel(
            "Journal intact",
            "1 : rien n'a été altéré à la dernière vérification.",
            {"intact": "archipel_journal_intact"},
            "stat",
            width=4,
        ),
    ),
    "Données": (
        Panel(
            "Lignes du dernier fichier",
            "Par devenir, tous fournisseurs.",
            {"{{class}}": "sum by (class) (archipel_source_rows)"},
        ),
        Panel(
            "Part en quarantaine",
            "Par organisme, sur le dernier fichier lu.",
            {
                "{{member}}": 'sum by (member) (archipel_source_rows{class="quarantined"}) '
                '/ sum by (member) (archipel_source_rows{class="read"} > 0)',
            },
            "bargauge",
            "percentunit",
        ),
        Panel(
            "Retard sur l'horaire déclaré",
            "Depuis le second passage manqué.",
            {"{{member}} {{source}}": "archipel_source_overdue_seconds > 0"},
            "table",
            "s",
        ),
        Panel(
            "Âge de la dernière réponse utilisable",
            "Par source.",
            {"{{member}} {{source}}": "time() - archipel_source_last_success_timestamp_seconds"},
            "bargauge",
            "s",
        ),
        Panel("Lignes servies", "Par jeu de données.", {"{{dataset}}": "archipel_dataset_rows"}),
        Panel(
            "Passages",
            "Par heure et par issue.",
            {"{{outcome}}": "sum by (outcome) (increase(archipel_runs_total[1h]))"},
        ),
    ),
    "Décisions": (
        Panel(
            "Décisions",
            "Par seconde, par porte et issue.",
            {"{{channel}} {{outcome}}": "sum by (channel, outcome) (rate(archipel_decisions_total[5m]))"},
            unit="reqps",
        ),
        Panel("Refus par motif", "Par heure.", {"{{reason}}": "topk(10, increase(archipel_denials_total[1h]) > 0)"}),
        Panel("Entrées du journal", "Par heure.", {"entrées": "increase(archipel_journal_entries_total[1h])"}),
    ),
    "Service": (
        Panel(
            "Demandes",
            "Par seconde et par statut.",
            {"{{status}}": "sum by (status) (rate(archipel_http_requests_total[5m]))"},
            unit="reqps",
        ),
        Panel(
            "Temps de réponse",
            "Médiane et 95e centile.",
            {
                "médiane": f"histogram_quantile(0.5, {_DURATIONS})",
                "95 %": f"histogram_quantile(0.95, {_DURATIONS})",
            },
            unit="s",
        ),
        Panel(
            "Disque libre",
            "Part du disque de l'état.",
            {"libre": "archipel_disk_free_bytes / archipel_disk_size_bytes"},
            unit="percentunit",
        ),
    ),
}


def _panel(number: int, panel: Panel, x: int, y: int) -> dict[str, Any]:
    targets = [
        {
            "refId": chr(ord("A") + place),
            "datasource": _SOURCE,
            "expr": query,
            "legendFormat": legend,
            "instant": panel.kind in ("stat", "table", "bargauge"),
            "format": "table" if panel.kind == "table" else "time_series",
        }
        for place, (legend, query) in enumerate(panel.queries.items())
    ]
    return {
        "id": number,
        "type": panel.kind,
        "title": panel.title,
        "description": panel.said,
        "datasource": _SOURCE,
        "gridPos": {"h": 4 if panel.kind == "stat" else _ROW, "w": panel.width, "x": x, "y": y},
        "fieldConfig": {"defaults": {"unit": panel.unit}, "overrides": []},
        "targets": targets,
    }


def board() -> dict[str, Any]:
    """Return the board as Grafana imports it."""
    panels: list[dict[str, Any]] = []
    y = 0
    for title, shown in BOARD.items():
        panels.append(
            {"id": len(panels) + 1, "type": "row", "title": title, "gridPos": {"h": 1, "w": _WIDTH, "x": 0, "y": y}}
        )
        x, y, height = 0, y + 1, 0
        for panel in shown:
            if x + panel.width > _WIDTH:
                x, y, height = 0, y + height, 0
            panels.append(_panel(len(panels) + 1, panel, x, y))
            x, height = x + panel.width, max(height, panels[-1]["gridPos"]["h"])
        y += height
    chosen = {"name": "datasource", "label": "Prometheus", "type": "datasource", "query": "prometheus"}
    return {
        "uid": "archipel",
        "title": "Archipel",
        "tags": ["archipel"],
        "schemaVersion": 39,
        "version": 1,
        "editable": False,
        "timezone": "browser",
        "refresh": "1m",
        "time": {"from": "now-24h", "to": "now"},
        "templating": {"list": [chosen]},
        "panels": panels,
    }


def as_text() -> str:
    """Return the board as its file holds it."""
    return json.dumps(board(), ensure_ascii=False, indent=1) + "\n"


if __name__ == "__main__":
    FILE.write_text(as_text(), encoding="utf-8")
