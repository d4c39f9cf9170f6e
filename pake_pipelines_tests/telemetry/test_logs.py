"""The log files: what goes into which, in which form, for whom to read, and what happens when a disk takes nothing."""

import fcntl
import json
import logging
import os
import resource
import signal

import pytest

from pake_pipelines.telemetry import guards, logs
from pake_pipelines.telemetry.context import correlated
from pake_pipelines.telemetry.events import audit_event, performance_event, security_event

FILES = ("application.log", "errors.log", "audit.log", "performance.log", "security/security.log")
LOG = logging.getLogger("pake_pipelines.stage")


def say_everything():
    LOG.info("said")
    LOG.error("broken")
    audit_event("acted", actor="me", subject="that")
    performance_event("stage", 1.23456, new=3)
    security_event("refused_address", address="10.0.0.1")


def test_each_file_has_what_its_filter_lets_in(project):
    project.set_up()
    say_everything()
    events = {name: [one["event"] for one in project.lines(name)] for name in FILES}
    assert events == {
        "application.log": ["said", "broken"],
        "errors.log": ["broken"],
        "audit.log": ["acted"],
        "performance.log": ["stage"],
        "security/security.log": ["refused_address"],
    }


def test_a_line_tells_when_where_by_whom_and_its_fields(project):
    project.set_up()
    with correlated(run_id="r1", asset_key="embeddings"), correlated(task="backup"):
        say_everything()
    (line,) = project.lines("performance.log")
    said = {
        name: line[name] for name in ("level", "component", "run_id", "asset_key", "task", "seconds", "new", "process")
    }
    assert said == {
        "level": "info", "component": "pake.performance", "run_id": "r1", "asset_key": "embeddings", "task": "backup",
        "seconds": 1.235, "new": 3, "process": "test",
    }  # fmt: skip
    assert line["pid"] == os.getpid()
    assert line["timestamp"].endswith("+00:00")
    assert project.lines("security/security.log")[0]["security_event"] == "refused_address"
    assert project.lines("audit.log")[0]["actor"] == "me"
    assert project.lines("application.log")[0]["component"] == "pake_pipelines.stage"


def test_an_error_has_its_type_and_its_whole_redacted_chain(project, monkeypatch):
    monkeypatch.setenv("SOME_PASSWORD", "violet-unicorn")
    project.set_up()
    try:
        raise ValueError("violet-unicorn") from KeyError("Bearer abcdefgh")  # noqa: TRY301
    except ValueError:
        LOG.exception("it broke")
    (line,) = project.lines("errors.log")
    assert (line["error"], line["error_message"]) == ("ValueError", "***")
    assert all(one in line["traceback"] for one in ("KeyError: 'Bearer ***'", "direct cause", "ValueError: ***"))


def test_of_other_packages_warnings_are_kept(project):
    project.set_up()
    logging.getLogger("aiohttp.client").info("no")
    logging.getLogger("aiohttp.client").warning("yes")
    assert [one["event"] for one in project.lines("application.log")] == ["yes"]


@pytest.mark.parametrize(
    ("configured", "environ", "levels"),
    [
        ("", {}, ["info", "warning"]),
        ("logs: {level: WARNING}", {}, ["warning"]),
        ("logs: {level: WARNING}", {"LOG_LEVEL": "debug"}, ["debug", "info", "warning"]),
    ],
    ids=["default", "configured", "the environment wins"],
)
def test_the_level_is_configured(configured, environ, levels, project):
    (project.settings.configs / "maintenance.yaml").write_text(configured)
    project.set_up(**environ)
    for level in (logging.DEBUG, logging.INFO, logging.WARNING):
        LOG.log(level, "said")
    assert [one["level"] for one in project.lines("application.log")] == levels


def test_text_is_one_line_that_nobody_can_forge_and_a_traceback_below(project):
    project.set_up(LOG_FORMAT="text")
    LOG.info("first\n2026-01-01 ERROR forged: line\x1b[2J")
    try:
        raise ValueError("why")  # noqa: TRY301
    except ValueError:
        LOG.exception("it broke")
    first, second, *below = (project.logs / "application.log").read_text().splitlines()
    assert " INFO pake_pipelines.stage: first\\x0a2026-01-01 ERROR forged: line\\x1b[2J " in first
    assert " ERROR pake_pipelines.stage: it broke " in second
    assert all(line.startswith("    | ") for line in below)
    assert below[-1] == "    | ValueError: why"


@pytest.mark.parametrize("fault", [{"LOG_LEVEL": "loud"}, {"LOG_FORMAT": "xml"}], ids=["level", "format"])
def test_a_variable_that_cannot_be_used_is_told_and_the_default_taken(fault, project):
    project.set_up(**fault)
    LOG.info("said")
    told, said = project.lines("application.log")
    assert next(iter(fault)) in told["event"]
    assert said["event"] == "said"


def test_broken_configuration_does_not_keep_anything_from_being_logged(project):
    (project.settings.configs / "maintenance.yaml").write_text("logs: {level: 12}")
    project.set_up()
    LOG.info("said")
    assert "as if nothing were configured" in project.lines("application.log")[0]["event"]
    assert project.lines("application.log")[-1]["event"] == "said"


def test_the_files_are_their_owners_alone(project):
    os.umask(old := os.umask(0))
    try:
        project.set_up()
        say_everything()
    finally:
        os.umask(old)
    assert {oct((project.logs / name).stat().st_mode & 0o777) for name in FILES} == {"0o600"}
    assert oct(project.logs.stat().st_mode & 0o777) == "0o700"


def test_a_file_that_was_renamed_gets_no_further_line(project):
    project.set_up()
    LOG.info("before")
    (project.logs / "application.log").rename(project.logs / "application-1.log")
    LOG.info("behind")
    assert [one["event"] for one in project.lines("application-1.log")] == ["before"]
    assert [one["event"] for one in project.lines("application.log")] == ["behind"]


def test_processes_that_log_at_once_lose_no_line_while_the_file_is_renamed(project):
    project.set_up()
    LOG.info("first")
    children = []
    for number in range(4):
        if (pid := os.fork()) == 0:
            for count in range(50):
                LOG.info("%s %s %s", number, count, "x" * 9000)
            os._exit(0)
        children.append(pid)
    for turn in range(5):
        file = os.open(project.logs / "application.log", os.O_RDWR | os.O_CREAT)
        fcntl.flock(file, fcntl.LOCK_EX)
        (project.logs / "application.log").rename(project.logs / f"application-{turn}.log")
        os.close(file)
    assert all(os.waitpid(pid, 0)[1] == 0 for pid in children)
    seen = [one["event"] for file in project.logs.glob("application*.log") for one in project.lines(file.name)]
    assert len(seen) == len(set(seen)) == 201


def test_a_full_disk_stops_nothing_leaves_no_half_line_and_is_told_once(project, capfd):
    project.set_up()
    LOG.info("fits")
    before = (project.logs / "application.log").stat().st_size
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (before + 100, hard))
    try:
        for _ in range(3):
            LOG.info("does not fit %s", "x" * 200)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    LOG.info("fits again")
    assert [one["event"] for one in project.lines("application.log")] == ["fits", "fits again"]
    assert capfd.readouterr().err.count("cannot be written") == 1


def test_a_directory_that_takes_nothing_stops_nothing(project, capfd):
    project.logs.parent.mkdir()
    project.logs.write_text("a file, where the directory should be")
    project.set_up()
    say_everything()
    assert "cannot be written" in capfd.readouterr().err


def test_a_process_that_logs_nothing_makes_no_file_and_does_not_import_structlog(project):
    import subprocess
    import sys

    code = (
        "import sys; from pathlib import Path\n"
        "from pake_pipelines.settings import Settings; from pake_pipelines.telemetry.logs import set_up_logging\n"
        f"set_up_logging(Settings(home=Path({str(project.settings.home)!r})), 'test', {{}})\n"
        "print([one for one in sys.modules if one.startswith(('structlog', 'opentelemetry'))])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
    assert not project.logs.exists()


def test_setting_up_twice_writes_each_line_once_and_closing_undoes_it(project):
    factory = logging.getLogRecordFactory()
    project.set_up()
    project.set_up()
    LOG.info("said")
    assert len(project.lines("application.log")) == 1
    logs.close_logging()
    LOG.error("not said")
    assert len(project.lines("application.log")) == 1
    assert logging.getLogRecordFactory() is factory


class Kept(logging.Handler):
    """Somebody else's handler, with the formatter of the standard library."""

    def __init__(self):
        super().__init__()
        self.lines = []

    def emit(self, record):
        self.lines.append((self.format(record), record.args))


@pytest.fixture
def stranger(project):
    project.set_up()
    kept, logger = Kept(), logging.getLogger("stranger")
    logger.addHandler(kept)
    yield logger, kept
    logger.removeHandler(kept)


def test_handlers_of_others_get_redacted_records_too(stranger):
    logger, kept = stranger
    try:
        raise ValueError("redis://:abcdef@h")  # noqa: TRY301
    except ValueError:
        logger.error("password=%s", "abcdef", exc_info=True, stack_info=True)
    assert kept.lines[0][0].startswith("password=***\n")
    assert "redis://:***@h" in kept.lines[0][0]
    assert "abcdef" not in kept.lines[0][0].replace('"abcdef"', "").replace("redis://:abcdef@h", "source line")


def test_arguments_stay_where_a_formatter_looks_at_them(stranger):
    logger, kept = stranger
    logger.warning('%s - "%s %s" %d', "127.0.0.1", "GET", "/x?api_key=abcdef", 200)
    assert kept.lines == [('127.0.0.1 - "GET /x?api_key=***" 200', ("127.0.0.1", "GET", "/x?api_key=***", 200))]


def test_a_record_that_cannot_be_formatted_is_redacted_all_the_same(stranger):
    logger, kept = stranger
    logger.warning("%d", "password=abcdef")
    assert kept.lines[0][0] == "%d ('password=***',)"


def test_a_guarded_stream_redacts_lines_and_what_is_flushed(tmp_path):
    with (tmp_path / "out").open("w") as file:
        stream = guards.RedactedStream(file)
        stream.write("pass")
        stream.write("word=abcdef\ntoken=")
        stream.write("abcdef")
        stream.flush()
        assert stream.fileno() == file.fileno()
    assert (tmp_path / "out").read_text() == "password=***\ntoken=***"


def test_json_lines_are_json_whatever_is_said(project):
    project.set_up()
    # given to the file alone: what pytest captured of it could not be sent by a worker of pytest-xdist
    record = LOG.makeRecord(LOG.name, logging.INFO, "", 1, 'odd "\n\x00 \ud800 %s', ([object()],), None)
    logs._done.handlers[0].handle(record)
    assert len((project.logs / "application.log").read_text().splitlines()) == 1
    json.loads((project.logs / "application.log").read_text())
