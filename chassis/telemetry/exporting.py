"""Where spans are kept and sent to. Loaded only where somebody collects them.

With protobuf and all, the SDK is 8 MB of a process; without it spans still have ids and parents.
A thread sends them; a collector that is slow or away costs spans, never the process.
"""

from threading import Thread

from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.trace.sampling import ALWAYS_ON, ParentBased

LAST_WORDS = 2.0  # seconds a collector has to take what is left when the process ends


def provider(service: str, *, endpoint: str) -> TracerProvider:
    """Keeps what ``traces`` begins and what others sampled; sends it to ``endpoint``."""
    resource = Resource.create({"service.name": service})
    made = TracerProvider(sampler=ParentBased(ALWAYS_ON), resource=resource, shutdown_on_exit=False)
    exporter = OTLPSpanExporter(endpoint=f"{endpoint.rstrip('/')}/v1/traces")
    made.add_span_processor(BatchSpanProcessor(exporter))
    return made


def end(made: TracerProvider) -> None:
    """Send what is left; what a collector does not take in time is lost."""
    sending = Thread(target=made.shutdown, name="last spans", daemon=True)
    sending.start()
    sending.join(LAST_WORDS)
