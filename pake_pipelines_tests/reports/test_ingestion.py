"""The ingestion report says what ING-23 asks for, in the form of an incoming webhook."""

import json
from datetime import datetime, timedelta, timezone

from pake_pipelines.reports.ingestion import IngestionReport, message
from pake_pipelines_tests.conftest import NOW


def test_a_report_without_errors_is_good():
    assert message(IngestionReport(sources=7, processed=42, errors=0, at=NOW)) == {
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
    assert message(IngestionReport(1, 0, 1, NOW))["attachments"][0]["color"] == "warning"


def test_the_timestamp_is_in_utc_and_the_message_is_json():
    elsewhere = datetime(2026, 11, 22, 23, 30, tzinfo=timezone(timedelta(hours=2)))
    said = json.loads(json.dumps(message(IngestionReport(1, 1, 0, elsewhere))))
    assert said["attachments"][0]["fields"][3]["value"] == "2026-11-22T21:30:00+00:00"
