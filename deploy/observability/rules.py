"""Rules as Prometheus reads them: plain, and as an object of its operator."""

from typing import Any

from deploy.observability.alerts import Alert, alerts, records

RUNBOOKS = "docs/operations/runbooks"
"""Where each alert's runbook is, in this repository."""


def groups() -> dict[str, Any]:
    """What a rule file holds."""
    return {
        "groups": [
            {
                "name": "b2b-promises",
                "interval": "30s",
                "rules": [{"record": name, "expr": expr} for name, expr in records()],
            },
            {"name": "b2b-alerts", "interval": "30s", "rules": [_rule(each) for each in alerts()]},
        ]
    }


def prometheus_rule() -> dict[str, Any]:
    """The same for the Prometheus operator."""
    return {
        "apiVersion": "monitoring.coreos.com/v1",
        "kind": "PrometheusRule",
        "metadata": {"name": "back2back"},
        "spec": groups(),
    }


def _rule(alert: Alert) -> dict[str, Any]:
    return {
        "alert": alert.name,
        "expr": alert.expr,
        "for": alert.holds,
        "labels": {"severity": alert.severity.value, **dict(alert.labels)},
        "annotations": {
            "summary": alert.summary,
            "runbook": f"{RUNBOOKS}/{alert.name}.md",
        },
    }
