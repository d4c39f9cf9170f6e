"""`pake text language` answers every line of stdin, in order, whatever its bytes are."""

import json
from importlib import import_module

ENGLISH = "The committee has published a new report on the state of the power grid."
GERMAN = "Der Ausschuss hat einen neuen Bericht über den Zustand des Stromnetzes veröffentlicht."


def test_each_line_has_its_answer_in_order(terminal):
    done = terminal.pake("text", "language", "--json", stdin=f"{ENGLISH}\n\n{GERMAN}\r\n{ENGLISH}".encode())
    assert (done.code, done.stderr) == (0, "")
    assert [(one["language"], one["text"]) for one in done.lines] == [
        ("en", ENGLISH),
        ("und", ""),
        ("de", GERMAN[:80]),
        ("en", ENGLISH),
    ]
    assert [set(one) for one in done.lines] == [{"language", "probability", "text"}] * 4
    assert done.lines[1]["probability"] == 0.0
    assert all(0.7 <= done.lines[line]["probability"] <= 1.0 for line in (0, 2, 3))


def test_bytes_that_are_no_text_have_an_answer_too(terminal):
    lines = [
        b"\xff\xfe\x00\x01",
        b"\xc3\x28" * 30,
        b"\x00" * 40,
        b"\xed\xa0\x80",
        "Größe".encode("latin-1"),
        b"\x1b[31m",
    ]
    done = terminal.pake("text", "language", "--json", stdin=b"\n".join(lines) + b"\n")
    assert done.code == 0
    assert len(done.lines) == len(lines)
    assert done.lines[4]["text"] == "Gr\ufffd\ufffde"


def test_nothing_to_read_is_nothing_to_say(terminal):
    done = terminal.pake("text", "language", "--json")
    assert (done.code, done.stdout) == (0, "")


def test_people_see_a_table_that_no_text_can_disturb(terminal):
    done = terminal.pake("text", "language", stdin=f"{ENGLISH}\n[bold]\x1b[31m{GERMAN}\n".encode())
    head, first, second = done.stdout.splitlines()
    assert head.split() == ["language", "probability", "text"]
    assert first.split()[:3] == ["en", "1.00", "The"]
    assert second.split()[0] == "de"
    assert "[bold]" in second
    assert "\x1b" not in done.stdout


def test_the_projects_own_rules_decide(terminal):
    (terminal.home / "configs" / "quality.yaml").write_text("language: {min_letters: 1000}\n")
    (answer,) = terminal.pake("text", "language", "--json", stdin=ENGLISH.encode()).lines
    assert answer["language"] == "und"


def test_an_answer_comes_before_the_next_line_is_read(monkeypatch, terminal, capsys):
    printed = []

    def lines():
        yield ENGLISH
        printed.append(json.loads(capsys.readouterr().out)["language"])
        yield GERMAN

    # the package's attribute of this name is the command, not its module
    monkeypatch.setattr(import_module("pake_pipelines.cli.text.language"), "_lines", lines)
    terminal.pake("text", "language", "--json")
    assert printed == ["en"]
