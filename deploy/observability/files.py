"""Every file that is written from this folder, and its text."""

import json
from pathlib import Path

import yaml

from deploy.observability.dashboards import DASHBOARDS
from deploy.observability.grafana import grafana
from deploy.observability.rules import groups, prometheus_rule
from deploy.schema import ROOT

HERE = ROOT / "deploy" / "observability"
MONITORING = ROOT / "deploy" / "kubernetes" / "components" / "monitoring"
WRITTEN = "# Written by: python -m deploy.observability\n"


def files() -> dict[Path, str]:
    """Path -> text."""
    told = {
        HERE / "rules.yaml": _yaml(groups()),
        MONITORING / "rules.yaml": _yaml(prometheus_rule()),
    }
    for dashboard in DASHBOARDS:
        text = json.dumps(grafana(dashboard), indent=2) + "\n"
        told[MONITORING / "dashboards" / f"{dashboard.name}.json"] = text
    return told


def _yaml(document: object) -> str:
    return WRITTEN + yaml.safe_dump(document, sort_keys=False, width=120)
