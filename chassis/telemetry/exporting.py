"""Where spans are kept and sent to. Loaded only where somebody collects them.

With protobuf and all, the SDK is 8 MB of a process; without it spans still have ids and parents.
"""

from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.trace.sampling import ParentBased, TraceIdRatioBased


def provider(service: str, *, ratio: float, endpoint: str) -> TracerProvider:
    """Samples ``ratio`` of what begins here, and what others sampled; sends it to ``endpoint``."""
    sampler = ParentBased(TraceIdRatioBased(ratio))
    made = TracerProvider(sampler=sampler, resource=Resource.create({"service.name": service}))
    exporter = OTLPSpanExporter(endpoint=f"{endpoint.rstrip('/')}/v1/traces")
    made.add_span_processor(BatchSpanProcessor(exporter))
    return made
