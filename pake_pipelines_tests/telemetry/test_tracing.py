"""Traces: nothing without the variable, spans of steps and tasks at a real receiver with it."""

import os
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from uuid import UUID

import pytest

from pake_pipelines.telemetry import tracing
from pake_pipelines.telemetry.context import correlated

RUN = "0f7a2f34-5bd0-4a3e-9a53-8d6d9d2b9c11"


class Receiver:
    """A collector that speaks OTLP over HTTP, on loopback."""

    def __init__(self):
        receiver = self
        self.spans, self.headers, self.resource = [], [], {}

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                receiver.take(self.path, self.headers, self.rfile.read(int(self.headers["Content-Length"])))
                self.send_response(200)
                self.end_headers()

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def take(self, path, headers, body):
        import gzip

        from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

        assert path == "/v1/traces"
        raw = gzip.decompress(body) if headers.get("Content-Encoding") == "gzip" else body
        request = ExportTraceServiceRequest.FromString(raw)
        self.headers.append(headers)
        for resource in request.resource_spans:
            self.resource = {one.key: one.value.string_value for one in resource.resource.attributes}
            self.spans += [span for scope in resource.scope_spans for span in scope.spans]

    @property
    def endpoint(self):
        return f"http://127.0.0.1:{self.server.server_port}"


@pytest.fixture
def receiver(monkeypatch):
    made = Receiver()
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", made.endpoint)
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_HEADERS", "x-tenant=violet")
    tracing._provider.cache_clear()
    yield made
    if (provider := tracing._provider()) is not None:
        provider.shutdown()
    tracing._provider.cache_clear()
    made.server.shutdown()
    made.server.server_close()


def attributes(span):
    return {one.key: one.value.string_value or one.value.int_value for one in span.attributes}


def test_a_span_reaches_the_receiver_in_the_trace_of_its_run(receiver):
    with correlated(run_id=RUN), tracing.span("maintenance.backup", files=3), tracing.span("dump"):
        pass
    tracing.flush()
    dump, task = receiver.spans
    assert (task.name, dump.name) == ("maintenance.backup", "dump")
    assert task.trace_id == dump.trace_id == UUID(RUN).bytes
    assert dump.parent_span_id == task.span_id
    assert attributes(task) == {"pake.run_id": RUN, "pake.files": 3}
    assert receiver.resource["service.name"] == "pake_pipelines"
    assert receiver.headers[0]["x-tenant"] == "violet"


def test_a_span_without_a_run_has_a_trace_of_its_own(receiver):
    for _ in range(2):
        with tracing.span("alone"):
            pass
    tracing.flush()
    assert len({one.trace_id for one in receiver.spans}) == 2


def test_an_error_is_noted_redacted_and_goes_on(receiver):
    with pytest.raises(ValueError, match="abcdef"), tracing.span("broken", dsn="redis://:abcdef@h"):
        raise ValueError("password=abcdef") from OSError("Bearer abcdefgh")
    tracing.flush()
    (span,) = receiver.spans
    assert (span.status.code, span.status.message) == (2, "ValueError: password=***")
    said = {one.key: one.value.string_value for one in span.events[0].attributes}
    assert said["exception.type"] == "ValueError"
    assert "OSError: Bearer ***" in said["exception.stacktrace"]
    assert b"abcdef" not in span.SerializeToString()


def test_what_is_over_is_traced_with_the_time_that_it_took(receiver):
    with correlated(run_id=RUN):
        tracing.past_span("documents", 2.5)
        tracing.past_span("publish", 0.5, error="RuntimeError: token=abcdef\nStack")
    tracing.flush()
    good, bad = receiver.spans
    assert good.end_time_unix_nano - good.start_time_unix_nano == 2_500_000_000
    assert (good.status.code, bad.status.code, bad.status.message) == (0, 2, "RuntimeError: token=***")


def test_a_receiver_that_is_gone_stops_nothing(monkeypatch):
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:9")
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_TIMEOUT", "1")
    tracing._provider.cache_clear()
    with tracing.span("lost"):
        pass
    tracing._provider().shutdown()
    tracing._provider.cache_clear()


@pytest.mark.parametrize(
    ("environ", "wanted"),
    [
        ({}, False),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": ""}, False),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://c:4318"}, True),
        ({"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://c:4318/v1/traces"}, True),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://c:4318", "OTEL_SDK_DISABLED": "true"}, False),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://c:4318", "OTEL_TRACES_EXPORTER": "none"}, False),
    ],
    ids=["nothing", "empty", "all", "traces", "disabled", "no exporter"],
)
def test_the_standard_variables_decide(environ, wanted):
    assert tracing.is_wanted(environ) is wanted


def child(code, **environ):
    return subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env={**os.environ, **environ}
    )


def test_without_the_variable_nothing_of_opentelemetry_is_imported():
    code = (
        "import sys; from pake_pipelines.telemetry import tracing\n"
        "with tracing.span('x'): pass\n"
        "tracing.past_span('y', 1); tracing.flush()\n"
        "print([one for one in sys.modules if one.startswith('opentelemetry')])"
    )
    assert child(code, OTEL_EXPORTER_OTLP_ENDPOINT="").stdout.strip() == "[]"


def test_without_the_extra_one_warning_says_what_is_missing():
    code = (
        "import sys; sys.modules['opentelemetry'] = None\n"
        "from pake_pipelines.telemetry import tracing\n"
        "for _ in range(3):\n    with tracing.span('x'): print('done')\n"
    )
    done = child(code, OTEL_EXPORTER_OTLP_ENDPOINT="http://127.0.0.1:9")
    assert done.stdout.split() == ["done"] * 3
    assert done.stderr.count("install pake_pipelines[tracing]") == 1
