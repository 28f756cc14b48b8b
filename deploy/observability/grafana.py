"""A dashboard as Grafana loads it."""

from collections.abc import Iterator
from typing import Any

from deploy.observability.panels import Dashboard

DATASOURCE = {"type": "prometheus", "uid": "${datasource}"}
WIDTH, HEIGHT, ACROSS = 12, 8, 24  # Grafana's grid


def grafana(dashboard: Dashboard) -> dict[str, Any]:
    """Its JSON, for Grafana 10 or newer."""
    return {
        "uid": f"b2b-{dashboard.name}",
        "title": f"Back2Back OS: {dashboard.title}",
        "tags": ["back2back"],
        "editable": False,
        "schemaVersion": 39,
        "refresh": "30s",
        "time": {"from": "now-3h", "to": "now"},
        "templating": {
            "list": [{"name": "datasource", "type": "datasource", "query": "prometheus"}]
        },
        "panels": list(_panels(dashboard)),
    }


def _panels(dashboard: Dashboard) -> Iterator[dict[str, Any]]:
    for number, panel in enumerate(dashboard.panels):
        across, down = (number * WIDTH) % ACROSS, number * WIDTH // ACROSS * HEIGHT
        yield {
            "id": number + 1,
            "type": "timeseries",
            "title": panel.title,
            "description": panel.says,
            "datasource": DATASOURCE,
            "gridPos": {"x": across, "y": down, "w": WIDTH, "h": HEIGHT},
            "fieldConfig": {"defaults": {"unit": panel.unit, "min": 0}, "overrides": []},
            "targets": [
                {"refId": chr(ord("A") + line), "expr": expr, "legendFormat": legend}
                for line, (expr, legend) in enumerate(panel.lines)
            ],
        }
