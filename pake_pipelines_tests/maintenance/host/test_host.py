"""Reports about the machine say what they were told, and `unavailable` with the cause where nobody told them."""

import os
import shutil
import time
from datetime import UTC, datetime, timedelta

import pytest

from pake_pipelines.config.loading import load_maintenance
from pake_pipelines.maintenance.host import capacity, docker, updates
from pake_pipelines.maintenance.host.command import UnanswerableError, ask
from pake_pipelines.maintenance.workplace import Workplace
from pake_pipelines.model.maintenance import TaskState
from pake_pipelines.model.metric import MetricSample
from pake_pipelines.model.status import CheckStatus
from pake_pipelines.settings import Settings
from pake_pipelines.store import metric_samples

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
APT = """\
Reading package lists...
Inst base-files [12.4+deb12u11] (12.4+deb12u15 Debian:12.15/oldstable [amd64])
Inst libgcrypt20-dev [1.10.1-3] (1.10.1-3+deb12u1 Debian:12, Debian-Security:12/oldstable-security [amd64]) []
Inst linux-image-6.1.0-44 (6.1.160-1 Debian:12.15/oldstable [amd64])
Inst libssl3 [3.0.15-1] (3.0.17-1~deb12u2 Ubuntu:22.04/jammy-security [amd64])
Conf base-files (12.4+deb12u15 Debian:12.15/oldstable [amd64])
"""
DNF = """\

bash.x86_64                 5.2.26-4.fc39            updates
bind-utils.x86_64           32:9.18.28-1.fc39        updates
Obsoleting Packages
old.noarch                  1.0-1.fc39               updates
"""
ADVISORIES = """\
FEDORA-2024-0001 Important/Sec. bind-utils-32:9.18.28-1.fc39.x86_64
FEDORA-2024-0002 Moderate/Sec.  curl-8.2.1-5.fc39.x86_64
"""
BREW = """\
{"formulae": [{"name": "jq", "installed_versions": ["1.6", "1.7"], "current_version": "1.7.1", "pinned": false}],
 "casks": [{"name": "firefox", "installed_versions": "130.0", "current_version": "131.0"}]}
"""
DOCKER = """\
{"Active":"2","Reclaimable":"1.2GB (60%)","Size":"2.01GB","TotalCount":"5","Type":"Images"}
{"Active":"1","Reclaimable":"0B (0%)","Size":"12.3MB","TotalCount":"1","Type":"Containers"}
"""


@pytest.fixture
def programs(tmp_path):
    """Return a function that puts a program on the path: what it prints and ends with, by its first argument."""
    directory = tmp_path / "bin"
    directory.mkdir()

    def add(name, answers, code=0, error=""):
        cases = "".join(f"{word}) cat <<'END'\n{text}END\n;;\n" for word, text in answers.items())
        script = f"#!/bin/sh\ncase \"$*\" in\n{cases}esac\nprintf '%s' '{error}' >&2\nexit {code}\n"
        (directory / name).write_text(script)
        (directory / name).chmod(0o755)

    # a script needs these two, and nothing else of the machine is on the path
    for tool in ("sh", "cat"):
        (directory / tool).symlink_to(shutil.which(tool))
    add.directory = directory
    return add


@pytest.fixture
def place(tmp_path, programs):
    return Workplace(
        Settings(home=tmp_path, database_url="postgresql://nobody@127.0.0.1:9/none"),
        load_maintenance(tmp_path),
        environ={"PATH": str(programs.directory), "PAKE_SECRET": "hidden"},
        clock=lambda: NOW,
    )


def lists(directory, age_days):
    directory.mkdir()
    file = directory / "deb.debian.org_InRelease"
    file.touch()
    then = time.time() - age_days * 86400
    os.utime(file, (then, then))
    return directory


def apt(programs, directory, simulated):
    programs("apt-get", {"*dist-upgrade": simulated})
    programs("apt-config", {"shell*": f"LISTS='{directory}/'\n"})


async def test_apt_tells_pending_updates_and_which_are_for_security(place, programs, tmp_path):
    apt(programs, lists(tmp_path / "lists", 1), APT)
    outcome = await updates.run(place)
    assert outcome.state is TaskState.DONE
    assert outcome.summary == "apt-get: 3 updates pending, 2 of them for security"
    assert [(one["package"], one["offered"], one["security"]) for one in outcome.details["updates"]] == [
        ("base-files", "12.4+deb12u15", "no"),
        ("libgcrypt20-dev", "1.10.1-3+deb12u1", "yes"),
        ("libssl3", "3.0.17-1~deb12u2", "yes"),
    ]


@pytest.mark.parametrize(
    ("age", "said"), [(30, "30 days old, too old"), (None, "it has no package lists yet")], ids=["old", "none"]
)
async def test_apt_without_fresh_lists_does_not_say_that_nothing_is_pending(place, programs, tmp_path, age, said):
    directory = lists(tmp_path / "lists", age) if age else tmp_path / "nowhere"
    apt(programs, directory, "Reading package lists...\n")
    outcome = await updates.run(place)
    assert outcome.state is TaskState.UNAVAILABLE
    assert said in outcome.summary


async def test_apt_with_fresh_lists_may_say_that_nothing_is_pending(place, programs, tmp_path):
    apt(programs, lists(tmp_path / "lists", 0.5), "Reading package lists...\n")
    outcome = await updates.run(place)
    assert (outcome.state, outcome.details["pending"]) == (TaskState.DONE, 0)


async def test_dnf_tells_pending_updates_and_which_are_for_security(place, programs):
    (programs.directory / "dnf").write_text(
        f"#!/bin/sh\ncase \"$*\" in\n*check-update) cat <<'END'\n{DNF}END\nexit 100;;\n"
        f"*updateinfo*) cat <<'END'\n{ADVISORIES}END\n;;\nesac\n"
    )
    (programs.directory / "dnf").chmod(0o755)
    outcome = await updates.run(place)
    assert outcome.summary == "dnf: 2 updates pending, 1 of them for security"
    assert [(one["package"], one["security"]) for one in outcome.details["updates"]] == [
        ("bash.x86_64", "no"),
        ("bind-utils.x86_64", "yes"),
    ]


async def test_dnf_without_its_repositories_is_unavailable(place, programs):
    programs("dnf", {}, code=1, error="Error: Failed to download metadata for repo updates")
    outcome = await updates.run(place)
    assert outcome.state is TaskState.UNAVAILABLE
    assert outcome.summary == "dnf: Error: Failed to download metadata for repo updates"


async def test_brew_tells_pending_updates_and_nothing_of_security(place, programs):
    programs("brew", {"outdated*": BREW})
    outcome = await updates.run(place)
    assert outcome.summary == "brew: 2 updates pending, security updates are not told apart"
    assert {one["security"] for one in outcome.details["updates"]} == {"unknown"}


async def test_one_manager_that_does_not_answer_makes_the_report_unavailable(place, programs):
    programs("brew", {"outdated*": BREW})
    programs("dnf", {}, code=1)
    outcome = await updates.run(place)
    assert (outcome.state, outcome.details["pending"]) == (TaskState.UNAVAILABLE, 2)
    assert "dnf: it ended with code 1 and said nothing" in outcome.summary


async def test_a_machine_without_package_managers_is_not_up_to_date(place):
    outcome = await updates.run(place)
    assert outcome.state is TaskState.UNAVAILABLE
    assert outcome.summary == "none of apt-get, dnf, brew is installed"


@pytest.mark.skipif(shutil.which("apt-get") is None, reason="no apt on this machine")
async def test_the_real_apt_is_understood_or_unavailable_with_its_cause(place):
    outcome = await updates.run(Workplace(place.settings, place.config))
    told = [one for one in outcome.details["managers"] if one["manager"] == "apt-get"]
    assert told or any(one.startswith("apt-get: ") for one in outcome.details["unavailable"])
    assert all(one["installed"] and one["offered"] for one in outcome.details["updates"] if one["manager"] == "apt-get")


async def test_docker_tells_what_it_holds(place, programs):
    programs("docker", {"system\\ df*": DOCKER})
    outcome = await docker.run(place)
    assert outcome.state is TaskState.DONE
    assert outcome.summary == "images 2.01GB (1.2GB (60%) unused), containers 12.3MB (0B (0%) unused)"
    assert [one["count"] for one in outcome.details["usage"]] == [5, 1]


@pytest.mark.parametrize(
    ("answers", "code", "said"),
    [
        ({}, 1, "Cannot connect to the Docker daemon"),
        ({"system*": "not json\n"}, 0, "cannot be read"),
        ({}, 0, "an empty answer"),
    ],
    ids=["no daemon", "garbage", "nothing"],
)
async def test_docker_that_tells_nothing_is_unavailable(place, programs, answers, code, said):
    programs("docker", answers, code=code, error="Cannot connect to the Docker daemon" if code else "")
    outcome = await docker.run(place)
    assert outcome.state is TaskState.UNAVAILABLE
    assert said in outcome.summary


async def test_a_machine_without_docker_says_so(place):
    outcome = await docker.run(place)
    assert (outcome.state, outcome.summary) == (
        TaskState.UNAVAILABLE,
        "what Docker holds is not known: docker is not installed",
    )


@pytest.mark.skipif(shutil.which("docker") is None, reason="no docker on this machine")
async def test_the_real_docker_answers_or_is_unavailable_with_its_cause(place):
    outcome = await docker.run(Workplace(place.settings, place.config))
    if outcome.state is TaskState.DONE:
        assert {"Images", "Containers"} <= {one["kind"] for one in outcome.details["usage"]}
    else:
        assert (outcome.state, len(outcome.summary) > 40) == (TaskState.UNAVAILABLE, True)


async def test_a_program_is_ended_when_its_time_is_over_and_is_told_no_secret(place, programs):
    programs("slow", {"*": ""}, error="")
    (programs.directory / "slow").write_text("#!/bin/sh\nwhile :; do :; done\n")
    begun = time.monotonic()
    with pytest.raises(UnanswerableError, match=r"slow gave no answer within 0\.3 s"):
        await ask(["slow"], place.environ, 0.3)
    assert time.monotonic() - begun < 5
    (programs.directory / "slow").write_text("#!/bin/sh\nset\n")
    assert "hidden" not in (await ask(["slow"], place.environ, 10)).out


def samples(metric, values, minutes=30, **labels):
    return [
        MetricSample(metric, value, "percent", NOW - timedelta(minutes=minutes * step), labels, CheckStatus.OK, "")
        for step, value in enumerate(values)
    ]


@pytest.fixture
def measured(place, database, database_url):
    settings = Settings(home=place.settings.home, database_url=database_url)
    here = Workplace(settings, place.config, environ=place.environ, clock=lambda: NOW)

    async def run(*series):
        async with database.transaction() as connection:
            for several in series:
                await metric_samples.save(connection, several)
        return await capacity.run(here)

    return run


CALM = [
    samples("cpu_usage_percent", [20.0] * 8),
    samples("memory_usage_percent", [50.0] * 8),
    samples("disk_usage_percent", [60.0] * 8, mount="/"),
    samples("db_connections_used_percent", [5.0] * 8),
    samples("db_size_bytes", [1e9] * 8),
]


async def test_a_machine_with_room_is_within_its_bounds(measured):
    outcome = await measured(*CALM)
    assert outcome.state is TaskState.DONE
    assert outcome.summary == "all within their bounds over 4 hours"


async def test_one_high_sample_is_no_lack_of_capacity(measured):
    outcome = await measured(samples("cpu_usage_percent", [99.0] + [30.0] * 7), *CALM[1:])
    assert outcome.details["over"] == 0
    (cpu,) = [one for one in outcome.details["windows"] if one["series"] == "cpu_usage_percent"]
    assert (cpu["mean"], cpu["maximum"], cpu["samples"]) == (38.6, 99.0, 8)


async def test_a_mean_above_the_bound_is_told_and_each_disk_for_itself(measured):
    outcome = await measured(*CALM, samples("disk_usage_percent", [88.0, 84.0] * 4, mount="/data"))
    assert (outcome.state, outcome.details["over"]) == (TaskState.DONE, 1)
    assert outcome.summary == "disk_usage_percent /data is 86 % on average, its bound 80 % (over 4 hours)"


@pytest.mark.parametrize(
    ("cpu", "said"),
    [
        ([], "cpu_usage_percent: only 0 of 6 samples"),
        (samples("cpu_usage_percent", [20.0] * 5), "only 5 of 6 samples"),
        (samples("cpu_usage_percent", [20.0] * 40, minutes=1), "they cover 0.7 of 4 hours"),
    ],
    ids=["none", "few", "of a moment"],
)
async def test_too_few_samples_tell_nothing(measured, cpu, said):
    outcome = await measured(cpu, *CALM[1:])
    assert outcome.state is TaskState.UNAVAILABLE
    assert said in outcome.summary


async def test_without_a_database_nothing_is_known_of_capacity(place):
    settings = place.settings.model_copy(update={"connect_attempts": 1})
    outcome = await capacity.run(Workplace(settings, place.config))
    assert outcome.state is TaskState.UNAVAILABLE
