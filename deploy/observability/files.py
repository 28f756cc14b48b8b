"""Every file that is written from this folder, and its text."""

import json
from pathlib import Path

from deploy.observability.dashboards import DASHBOARDS
from deploy.observability.grafana import grafana
from deploy.observability.rules import prometheus_rule, rule_file

RULES = Path("deploy/observability/rules.yaml")
MONITORING = Path("deploy/kubernetes/components/monitoring")


def files() -> dict[Path, str]:
    """File, seen from the repository's root -> its text."""
    told = {RULES: rule_file(), MONITORING / "rules.yaml": prometheus_rule()}
    for dashboard in DASHBOARDS:
        text = json.dumps(grafana(dashboard), indent=2) + "\n"
        told[MONITORING / "dashboards" / f"{dashboard.name}.json"] = text
    return told
