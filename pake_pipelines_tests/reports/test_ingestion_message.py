"""The ingestion report says what ING-23 asks for, in the form of an incoming webhook."""

import json
from datetime import datetime, timedelta, timezone

from pake_pipelines.reports.ingestion.message import message
from pake_pipelines_tests.conftest import NOW


def test_a_report_without_errors_is_good():
    assert message(sources=7, processed=42, errors=0, at=NOW) == {
        "text": "PAKE+ Ingestion Report",
        "attachments": [
            {
                "color": "good",
                "fields": [
                    {"title": "Sources", "value": "7", "short": True},
                    {"title": "Processed", "value": "42", "short": True},
                    {"title": "Errors", "value": "0", "short": True},
                    {"title": "Timestamp", "value": "2026-11-22T12:00:00+00:00", "short": True},
                ],
            }
        ],
    }


def test_one_error_makes_it_a_warning():
    assert message(sources=1, processed=0, errors=1, at=NOW)["attachments"][0]["color"] == "warning"


def test_where_nobody_was_asked_nothing_is_good():
    assert "color" not in message(sources=0, processed=0, errors=0, at=NOW)["attachments"][0]


def test_the_timestamp_is_in_utc_and_the_message_is_json():
    elsewhere = datetime(2026, 11, 22, 23, 30, tzinfo=timezone(timedelta(hours=2)))
    said = json.loads(json.dumps(message(sources=1, processed=1, errors=0, at=elsewhere)))
    assert said["attachments"][0]["fields"][3]["value"] == "2026-11-22T21:30:00+00:00"
