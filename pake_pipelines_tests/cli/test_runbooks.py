"""Runbooks are there for every rule that names one, and every command of the docs on monitoring exists."""

import re
from pathlib import Path

import pytest
from typer.main import get_command

from pake_pipelines.cli.main import app
from pake_pipelines.config.loading import load_monitoring
from pake_pipelines.settings import PACKAGE_HOME

DOCS = PACKAGE_HOME / "docs"
RUNBOOKS = DOCS / "runbooks"
PAGES = sorted(path.stem for path in RUNBOOKS.glob("*.md"))
TEXTS = [
    *(f"runbooks/{page}" for page in PAGES),
    "monitoring",
    "health",
    "metrics",
    "alerts",
    "channels",
    "healing",
    "maintenance",
    "backups",
    "cache",
    "retention",
    "upkeep",
    "audits",
    "logs",
    "recommendations",
    "checklists",
]
CLI = get_command(app)
# a command begins a line of code or stands in backticks, and ends with them, with spaces before a remark, or the line
COMMAND = re.compile(r"(?:^    |`)pake ((?:(?!  |`|#).)+)", re.MULTILINE)
PARTS = ("**Symptom.**", "## Over when")


def commands(page):
    text = (DOCS / f"{page}.md").read_text()
    return sorted({found.strip() for found in COMMAND.findall(text)})


def unknown_part(line):
    """Return what of a command line the CLI does not know, None when it knows all of it."""
    command, words = CLI, re.sub(r'"[^"]*"', "TEXT", line).split()
    while words and hasattr(command, "commands"):
        name = words[0].split("|")[0].rstrip(",.")
        if name not in command.commands:
            break
        command = command.commands[name]
        words = words[1:]
    if hasattr(command, "commands") and not command.invoke_without_command:
        return f"pake {line}"
    known = {option for parameter in command.params for option in parameter.opts}
    return next((word for word in words if word.startswith("--") and word not in known), None)


@pytest.mark.parametrize("page", TEXTS)
def test_every_command_exists_with_its_options(page):
    assert [fault for line in commands(page) if (fault := unknown_part(line))] == []


def test_every_rule_names_a_runbook_that_exists():
    rules = load_monitoring(Path("nowhere")).alerting.rules
    named = {rule.runbook for rule in rules.values() if rule.runbook}
    assert named <= set(PAGES)
    assert [name for name, rule in rules.items() if not rule.runbook] == []
    assert {"system-down", "security-incident"} <= set(PAGES)


@pytest.mark.parametrize("page", [page for page in PAGES if page != "README"])
def test_every_runbook_says_what_it_is_and_when_it_is_over(page):
    text = (RUNBOOKS / f"{page}.md").read_text()
    assert [part for part in PARTS if part not in text] == []
    assert commands(f"runbooks/{page}")
    assert f"({page}.md)" in (RUNBOOKS / "README.md").read_text()


@pytest.mark.parametrize("page", TEXTS)
def test_every_link_leads_to_a_page(page):
    file = DOCS / f"{page}.md"
    links = re.findall(r"\]\(([^)#]+)\)", file.read_text())
    pages = [link for link in links if "://" not in link]
    assert [page for page in pages if not (file.parent / page).exists()] == []


@pytest.mark.parametrize(
    ("line", "part"),
    [
        ("health --now", None),
        ("nothing", "pake nothing"),
        ("alerts ack ID --reason x", "--reason"),
        ("alerts", "pake alerts"),
    ],
)
def test_what_does_not_exist_is_noticed(line, part):
    assert unknown_part(line) == part
