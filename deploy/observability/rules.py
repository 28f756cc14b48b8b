"""Rules as Prometheus reads them: plain, and as an object of its operator."""

import json
import re
from collections.abc import Iterator

from deploy.observability.alert import Alert
from deploy.observability.alerts import alerts, records

RUNBOOKS = "docs/operations/runbooks"
"""Where each alert's runbook is, in this repository."""
BROWSED = "https://git.example.com/back2back"
"""Where a browser finds this repository; yours: `sed` it in your copy of the rules."""

OPERATORS = """\
apiVersion: monitoring.coreos.com/v1
kind: PrometheusRule
metadata:
  name: back2back
spec:
"""


def rule_file() -> str:
    """What Prometheus and promtool load."""
    return "".join(f"{line}\n" for line in _groups())


def prometheus_rule() -> str:
    """The same for the Prometheus operator."""
    return OPERATORS + "".join(f"  {line}\n" for line in _groups())


def _groups() -> Iterator[str]:
    yield "groups:"
    yield "  - name: b2b-promises"
    yield "    interval: 30s"
    yield "    rules:"
    for name, expr in records():
        yield f"      - record: {name}"
        yield f"        expr: {_quoted(expr)}"
    yield "  - name: b2b-alerts"
    yield "    interval: 30s"
    yield "    rules:"
    for alert in alerts():
        yield from (f"      {line}" for line in _alert(alert))


def _alert(alert: Alert) -> Iterator[str]:
    yield f"- alert: {alert.name}"
    yield from (f"  {line}" for line in _expression(alert.expr))
    yield f"  for: {alert.holds}"
    labels = {"severity": alert.severity.value, **dict(alert.labels)}
    yield "  labels: {" + ", ".join(f"{name}: {told}" for name, told in labels.items()) + "}"
    yield "  annotations:"
    yield f"    summary: {_quoted(alert.summary)}"
    yield f"    runbook: {RUNBOOKS}/{alert.name}.md"
    yield f"    runbook_url: {BROWSED}/{RUNBOOKS}/{alert.name}.md"


def _expression(expr: str) -> Iterator[str]:
    """On one line, or broken where another alternative or exception begins."""
    lines = re.sub(r" (?=or absent\(|unless |and on \()", "\n", expr).split("\n")
    if len(lines) == 1:
        yield f"expr: {_quoted(expr)}"
        return
    yield "expr: >-"
    yield from (f"  {line}" for line in lines)


def _quoted(text: str) -> str:
    return json.dumps(text)  # a string of JSON is one of YAML
