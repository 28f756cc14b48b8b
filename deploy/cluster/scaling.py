"""How many of each process: what an autoscaler measures, and between which bounds."""

from collections.abc import Iterable, Mapping
from importlib import import_module
from importlib.util import find_spec
from typing import NamedTuple

from chassis.hears import Hears
from chassis.streams import event_stream
from deploy.local.rights import CONTEXTS

LAG = 500
"""Events waiting to be heard, per replica, before there is one more."""
CPU = 65
"""Percent of what is asked for, likewise."""

BOUNDS = {"members": (2, 6), "booking": (2, 8), "billing": (2, 4), "access": (2, 6),
          "gateway": (2, 12)}  # fmt: skip
"""Process -> fewest and most. Projections are not here: more would not project faster."""

_SLOWLY = """\
  advanced:
    horizontalPodAutoscalerConfig:
      behavior:
        scaleDown:  # slowly: each one that goes sends its live screens to the others
          stabilizationWindowSeconds: 600
          policies:
            - {type: Pods, value: 1, periodSeconds: 120}
"""


class Durable(NamedTuple):
    """One durable consumer."""

    stream: str
    name: str
    service: str


def durables() -> list[Durable]:
    """As the services' tables of what they hear name them."""
    return [
        Durable(event_stream(heard.context), heard.name, service)
        for service in CONTEXTS
        for heard in _heard_by(service)
    ]


def _heard_by(service: str) -> Iterable[Hears]:
    if not find_spec(f"services.{service}.reactions"):
        return ()
    heard: Mapping[object, Hears] = import_module(f"services.{service}.reactions").HEARS
    return heard.values()


def scaled_objects() -> str:
    """A ScaledObject for each process that may be many."""
    heard = durables()
    return "".join(
        _scaled_object(process, [each for each in heard if each.service == process])
        for process in BOUNDS
    )


def _scaled_object(process: str, consumers: list[Durable]) -> str:
    fewest, most = BOUNDS[process]
    return f"""\
---
apiVersion: keda.sh/v1alpha1
kind: ScaledObject
metadata:
  name: {process}
spec:
  scaleTargetRef: {{name: {process}}}
  minReplicaCount: {fewest}
  maxReplicaCount: {most}
{_SLOWLY if process == "gateway" else ""}\
  triggers:
    - type: cpu
      metricType: Utilization
      metadata: {{value: "{CPU}"}}
{"".join(map(_trigger, consumers))}"""


def _trigger(consumer: Durable) -> str:
    return f"""\
    - type: nats-jetstream
      metadata:
        natsServerMonitoringEndpoint: nats-headless.back2back.svc.cluster.local:8222
        account: B2B
        stream: {consumer.stream}
        consumer: {consumer.name}
        lagThreshold: "{LAG}"
"""
