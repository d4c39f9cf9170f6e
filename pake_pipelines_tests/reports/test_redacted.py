"""The last gate of reports: no secret is written into a file, whatever a report's figures quote."""

import json

from pake_pipelines.reports.whole import write_whole


def test_no_report_is_written_with_a_secret(tmp_path, monkeypatch):
    monkeypatch.setenv("SOME_PASSWORD", "violet<unicorn>&'")
    page = "<p>violet&lt;unicorn&gt;&amp;&#39; at redis://:abcdef@h</p>"
    write_whole(tmp_path / "report.html", page)
    assert (tmp_path / "report.html").read_text() == "<p>*** at redis://:***@h</p>"
    write_whole(tmp_path / "report.json", json.dumps({"error": "violet<unicorn>&' password=abcdef", "n": 1}))
    assert json.loads((tmp_path / "report.json").read_text()) == {"error": "*** password=***", "n": 1}
