"""What watches Back2Back OS: alerts and dashboards, in the words of our metrics.

``make manifests`` writes what Prometheus and Grafana load: ``rules.yaml`` as promtool reads it, the
same for the Prometheus operator, and one JSON per dashboard. Each alert names its runbook in
``docs/operations/runbooks`` and is tried in ``symptoms_test.yaml`` or ``promises_test.yaml``.
"""
