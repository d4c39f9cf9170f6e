"""What differs between a restored database and its manifest is named; what is equal is not."""

from pake_pipelines.maintenance.backup.comparison import changes, differences, wrong_row_counts
from pake_pipelines.maintenance.backup.manifest import DatabaseManifest, SequenceEntry, TableEntry
from pake_pipelines.store.examination import Examination
from pake_pipelines.store.row_hashes import SequenceValue, TableHash

HELD = DatabaseManifest(
    "pake_knowledge", 1, "knowledge.dump",
    (TableEntry("pake", "items", 2, "77"), TableEntry("pake", "empty", 0, "0")),
    (SequenceEntry("pake", "items_seq", 9),),
)  # fmt: skip


def found(tables=(("items", 2, "77"), ("empty", 0, "0")), last=9, revision="0007", invalid=()):
    return Examination(
        [TableHash("pake", *one) for one in tables], [SequenceValue("pake", "items_seq", last)], revision, invalid
    )


def test_what_is_equal_has_no_differences_whatever_its_order():
    assert differences(HELD, found(), "0007") == []
    assert differences(HELD, found(tables=[("empty", 0, "0"), ("items", 2, "77")], last=12), "0007") == []


def test_every_difference_is_named_once():
    other = found([("items", 3, "99"), ("more", 1, "5")], last=4, revision="0005", invalid=("pake.items_pkey",))
    assert differences(HELD, other, "0007") == [
        "table pake.empty is missing",
        "table pake.more is not in the manifest",
        "table pake.items has 3 rows instead of 2",
        "sequence pake.items_seq stands at 4, and had reached 9",
        "its migration revision is 0005 instead of 0007",
        "index pake.items_pkey is invalid",
    ]
    assert wrong_row_counts(HELD, other) == 3


def test_rows_that_changed_are_found_though_as_many():
    other = found([("items", 2, "78"), ("empty", 0, "0")])
    assert differences(HELD, other, "0007") == [
        "table pake.items has other rows than were backed up, though as many (2)"
    ]
    assert wrong_row_counts(HELD, other) == 0


def test_a_database_that_has_a_revision_and_should_have_none_differs():
    assert differences(HELD, found(), None) == ["its migration revision is 0007 instead of none"]
    assert differences(HELD, found(revision=None), "0007") == ["its migration revision is none instead of 0007"]


def test_a_restore_names_each_table_with_its_rows_now_and_then():
    now = found([("items", 2, "78"), ("later", 4, "1")])
    assert [(one.table, one.rows_now, one.rows_then, one.same) for one in changes(now, HELD)] == [
        ("pake.empty", None, 0, False), ("pake.items", 2, 2, False), ("pake.later", 4, None, False),
    ]  # fmt: skip
    assert [one.same for one in changes(found(), HELD)] == [True, True]
    assert [one.rows_now for one in changes(None, HELD)] == [None, None]
