"""The log of a program that holds it open is rotated before the program starts, and clean-up knows its new name."""

import os
from datetime import UTC, datetime

from pake_pipelines.config.retention import Logs
from pake_pipelines.maintenance.cleanup.files import below
from pake_pipelines.maintenance.cleanup.log_plan import Seen, plan
from pake_pipelines.maintenance.cleanup.rotation import rotate
from pake_pipelines_tests.conftest import NOW

WRITTEN = datetime(2026, 10, 3, 12, tzinfo=UTC).timestamp()


def written(path, text="said"):
    path.write_text(text)
    os.utime(path, (WRITTEN, WRITTEN))


def test_it_gets_the_day_of_its_last_line_and_those_of_one_day_a_number(tmp_path):
    log = tmp_path / "postgres.log"
    names = []
    for _ in range(3):
        written(log)
        names.append(rotate(log).name)
    assert names == ["postgres.log.2026-10-03", "postgres.log.2026-10-03.1", "postgres.log.2026-10-03.2"]
    assert not log.exists()


def test_clean_up_takes_them_even_where_it_cannot_look_at_all_processes(tmp_path):
    for _ in range(2):
        written(tmp_path / "postgres.log")
        rotate(tmp_path / "postgres.log")
    steps = plan([Seen(one, None) for one in below(tmp_path)], NOW, Logs())
    assert [step.deed for step in steps] == ["delete", "delete"]


def test_what_is_empty_or_not_there_or_a_link_stays(tmp_path):
    (tmp_path / "empty.log").touch()
    (tmp_path / "real.log").write_text("x")
    (tmp_path / "link.log").symlink_to(tmp_path / "real.log")
    assert [rotate(tmp_path / name) for name in ("empty.log", "missing.log", "link.log")] == [None] * 3
    assert (tmp_path / "link.log").is_symlink()
