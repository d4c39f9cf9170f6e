"""Traces (LOG-04): spans of steps and tasks, sent by OTLP over HTTP where `OTEL_EXPORTER_OTLP_ENDPOINT` says.

Without that variable nothing is traced and nothing of OpenTelemetry is imported; with it the extra `tracing` has to be
installed. The other standard variables (headers, service name, sampler ...) are the SDK's own. A trace has the id of
its run, so that whoever has the one finds the other, and spans of several processes join.
"""

import logging
import os
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from importlib.metadata import version
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

from pake_pipelines.redaction import redact, redact_value, redacted_traceback
from pake_pipelines.telemetry.context import correlation

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.trace import Span

_log: Final = logging.getLogger(__name__)
ENDPOINTS: Final = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")
_PACKAGE: Final = "pake_pipelines"
_NANOSECONDS: Final = 1_000_000_000
_FLUSH_MILLISECONDS: Final = 3000


def is_wanted(environ: Mapping[str, str]) -> bool:
    """Return whether the standard variables ask for traces."""
    off = environ.get("OTEL_SDK_DISABLED", "").strip().lower() == "true"
    none = environ.get("OTEL_TRACES_EXPORTER", "").strip().lower() == "none"
    return any(environ.get(name, "").strip() for name in ENDPOINTS) and not off and not none


@contextmanager
def span(name: str, **attributes: Any) -> Iterator[None]:
    """Trace what is done inside; an error is noted, redacted, and goes on."""
    provider = _provider() if is_wanted(os.environ) else None
    if provider is None:
        yield
        return
    tracer = provider.get_tracer(_PACKAGE)
    # the SDK would note errors as they are
    with tracer.start_as_current_span(
        name, attributes=_attributes(attributes), record_exception=False, set_status_on_exception=False
    ) as current:
        try:
            yield
        except BaseException as error:
            _fail(current, f"{type(error).__name__}: {error}", redacted_traceback(error))
            raise


def past_span(name: str, seconds: float, *, error: str | None = None, **attributes: Any) -> None:
    """Trace something that took `seconds` until now, and failed if there is an `error`."""
    provider = _provider() if is_wanted(os.environ) else None
    if provider is None:
        return
    end = time.time_ns()
    begun = provider.get_tracer(_PACKAGE).start_span(
        name, attributes=_attributes(attributes), start_time=end - round(seconds * _NANOSECONDS)
    )
    if error is not None:
        _fail(begun, error.partition("\n")[0], redact(error))
    begun.end(end)


def flush() -> None:
    """Send what waits; a collector that does not answer is waited for 3 seconds."""
    if _provider.cache_info().currsize and (provider := _provider()) is not None:
        provider.force_flush(_FLUSH_MILLISECONDS)


def _fail(failed: "Span", said: str, trace: str) -> None:
    from opentelemetry.trace import Status, StatusCode

    kind = said.partition(":")[0]
    failed.set_status(Status(StatusCode.ERROR, redact(said)))
    failed.add_event(
        "exception",
        {"exception.type": kind, "exception.message": redact(said), "exception.stacktrace": trace},
    )


def _attributes(given: Mapping[str, Any]) -> dict[str, str | int | float | bool]:
    clean = redact_value({**correlation(), **given})
    return {
        f"pake.{name}": value if isinstance(value, bool | int | float) else str(value)
        for name, value in clean.items()
        if value is not None
    }


@cache
def _provider() -> "TracerProvider | None":
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
        from opentelemetry.sdk.trace.id_generator import RandomIdGenerator
    except ImportError as error:
        _log.warning("%s is set, but traces need the extra: install pake_pipelines[tracing] (%s)", ENDPOINTS[0], error)
        return None

    class ByRun(RandomIdGenerator):
        """Gives a trace the id of its run."""

        def generate_trace_id(self) -> int:
            return _number(correlation().get("run_id")) or super().generate_trace_id()

    own = {"service.version": version(_PACKAGE)}
    if not os.environ.get("OTEL_SERVICE_NAME"):
        own["service.name"] = _PACKAGE
    provider = TracerProvider(resource=Resource.create(own), id_generator=ByRun())
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    return provider


def _number(run_id: Any) -> int | None:
    try:
        return UUID(str(run_id)).int
    except ValueError:
        return None
