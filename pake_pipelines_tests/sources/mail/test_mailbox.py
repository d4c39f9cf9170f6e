"""A mailbox hands out every message once, changes nothing at its server, and fails without telling secrets.

The server is a real one (pymap) in a process of its own; what no honest server does is played by a script.
"""

import itertools
import pickle
import time
from contextlib import aclosing
from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from pydantic import ValidationError

from pake_pipelines.config.source_kinds import MailboxSource
from pake_pipelines.sources.mail import mailbox
from pake_pipelines.sources.mail.imap import Account, Numbering
from pake_pipelines.sources.mail.mailbox import Mailbox, Position, allowed, criteria, position_of
from pake_pipelines.sources.protocol import Fetched, Memory, SourceError, Unchanged, Unreadable, Window
from pake_pipelines_tests.imap_script import Part, body, literal, summary, trickle
from pake_pipelines_tests.imap_server import PASSWORD, USER, ImapServer, certify

ENVIRONMENT = {"PAKE_MAIL_USERNAME": USER, "PAKE_MAIL_PASSWORD": PASSWORD}
NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
LIMIT = 100_000
_folders = itertools.count()


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    return certify(tmp_path_factory.mktemp("tls"))


@pytest.fixture(scope="module")
def server(certificate):
    with ImapServer(*certificate) as running:
        yield running


@pytest.fixture
def folder(server):
    name = f"News {next(_folders)}"
    server.create(name)
    return name


def letter(number, sender="Jo <jo@x.org>", text="text"):
    return f"From: {sender}\r\nSubject: n{number}\r\nMessage-ID: <{number}@x.org>\r\n\r\n{text}\r\n".encode()


def letters(*numbers, when=NOON, **options):
    return [(letter(number, **options), when) for number in numbers]


def source(port=143, folder="INBOX", **options):
    usual = {"name": "mail", "kind": "mailbox", "host": "127.0.0.1", "port": port, "security": "plain"}
    return MailboxSource(**usual | {"folder": folder} | options)


def reader(port, folder="INBOX", environment=ENVIRONMENT, **options):
    return Mailbox(source(port, folder, **options), environment, max_bytes=LIMIT)


async def visit(reader, cursor=None, window=None, stop_after=None):
    """Return the answers of a visit, and the cursor that is remembered after it."""
    answers = []
    async with aclosing(reader.fetch(window, Memory(cursor or {}))) as stream:
        async for answer in stream:
            answers.append(answer)
            cursor = getattr(answer, "cursor", None) or cursor
            if len(answers) == stop_after:
                break
    return answers, cursor


def subjects(answers):
    return [one.body.split(b"Subject: ")[1].split(b"\r\n")[0].decode() for one in answers if isinstance(one, Fetched)]


async def failure(reader, **options):
    with pytest.raises(SourceError) as raised:
        await visit(reader, **options)
    error = raised.value
    for told in (str(error), repr(error), repr(error.__cause__), str(error.__context__)):
        assert PASSWORD not in told
    return error


# --- what is read, and where the next visit goes on


async def test_the_first_imap_visit_begins_with_the_oldest_message_of_the_folder(server, folder):
    server.append(folder, *letters(1, 2, 3))
    answers, cursor = await visit(reader(server.port, folder))
    assert subjects(answers) == ["n1", "n2", "n3"]
    assert cursor["uid"] == 103


async def test_an_imap_message_is_handed_out_as_its_raw_bytes_with_its_internal_date_and_without_the_account(
    server, folder
):
    raw = letter(1).replace(b"text", "Übergröße".encode("cp1252"))
    server.append(folder, (raw, datetime(2026, 11, 20, 23, tzinfo=timezone(timedelta(hours=-5)))))
    ((found,), cursor) = await visit(reader(server.port, folder))
    assert (found.body, found.media_type) == (raw, "message/rfc822")
    assert found.modified_at == datetime(2026, 11, 21, 4, tzinfo=UTC)
    place = f"imap://127.0.0.1:{server.port}/{folder.replace(' ', '%20')}"
    assert found.url == f"{place};UIDVALIDITY={cursor['uidvalidity']}/;UID=101"


async def test_a_second_imap_visit_yields_only_what_came_since(server, folder):
    server.append(folder, *letters(1, 2))
    _, cursor = await visit(reader(server.port, folder))
    # UID n:* names the last message of the folder even if it lies before n
    assert await visit(reader(server.port, folder), cursor) == ([Unchanged(cursor)], cursor)
    server.append(folder, *letters(3))
    answers, _ = await visit(reader(server.port, folder), cursor)
    assert subjects(answers) == ["n3"]


@pytest.mark.parametrize("stop", [1, 2, 3, 4])
async def test_an_imap_visit_goes_on_after_the_message_at_which_the_last_one_stopped(server, folder, stop, monkeypatch):
    monkeypatch.setattr(mailbox, "_AT_ONCE", 2)
    server.append(folder, *letters(1, 2, 3, 4, 5))
    first, cursor = await visit(reader(server.port, folder), stop_after=stop)
    second, _ = await visit(reader(server.port, folder), cursor)
    assert subjects(first) + subjects(second) == ["n1", "n2", "n3", "n4", "n5"]


async def test_an_empty_imap_folder_has_nothing_new(server, folder):
    ((answer,), cursor) = await visit(reader(server.port, folder))
    assert (answer, cursor["uid"]) == (Unchanged(cursor), 0)


async def test_an_imap_message_that_vanishes_during_the_visit_is_skipped(server, folder, monkeypatch):
    monkeypatch.setattr(mailbox, "_AT_ONCE", 1)
    server.append(folder, *letters(1, 2, 3))
    answers = []
    async for answer in reader(server.port, folder).fetch(None, Memory()):
        if not answers:
            server.expunge(folder, 102)
        answers.append(answer)
    assert subjects(answers) == ["n1", "n3"]
    assert all(isinstance(one, Fetched) for one in answers)


def refuse(tag):
    return tag + b" NO there is no such message\r\n"


@pytest.mark.parametrize("gone", [[], [b"* 1 FETCH (UID 5 BODY[]<0> NIL)"], refuse])
async def test_an_imap_message_that_vanishes_just_before_its_download_is_skipped(gone):
    searches = iter([b"* SEARCH 5 6\r\n", b"* SEARCH\r\n", b"* SEARCH\r\n"])
    answers = {"SUMMARY": [summary(5), summary(6)], "BODY": gone}
    with Part(SEARCH=lambda tag: next(searches) + tag + b" OK done\r\n", **answers) as part:
        (answer,), cursor = await visit(reader(part.port))
    assert (answer, cursor["uid"]) == (Unchanged(cursor), 6)


async def test_an_imap_message_that_its_server_cannot_give_out_does_not_stop_the_others():
    def give(tag):
        return refuse(tag) if "UID FETCH 5" in part.heard[-1] else body(6, b"x") + b"\r\n" + tag + b" OK done\r\n"

    with Part(SEARCH=[b"* SEARCH 5 6"], SUMMARY=[summary(5), summary(6)], BODY=give) as part:
        broken, fine = (await visit(reader(part.port)))[0]
    assert (broken.reason, broken.detail, fine.body) == ("unreadable", "there is no such message", b"x")


async def test_after_a_change_of_uidvalidity_all_is_read_again_and_has_the_same_imap_keys(server, folder):
    server.append(folder, *letters(1, 2, 3))
    before, cursor = await visit(reader(server.port, folder))
    server.recreate(folder)
    server.append(folder, *letters(2, 3, 4))
    after, _ = await visit(reader(server.port, folder), cursor)
    assert subjects(after) == ["n2", "n3", "n4"]
    keys = [[Mailbox.parse(one).entries[0].key for one in some] for some in (before, after)]
    assert keys == [["1@x.org", "2@x.org", "3@x.org"], ["2@x.org", "3@x.org", "4@x.org"]]


async def test_an_imap_folder_may_have_any_name(server):
    name = 'Zeitung & Co "Ä"'
    server.create(name)
    server.append(name, *letters(1))
    answers, _ = await visit(reader(server.port, name))
    assert subjects(answers) == ["n1"]


async def test_unread_only_leaves_read_imap_messages_where_they_are(server, folder):
    server.append(folder, *letters(1, 2))
    server.flag(folder, 101, r"\Seen")
    answers, _ = await visit(reader(server.port, folder, unread_only=True))
    assert subjects(answers) == ["n2"]


# --- windows


async def test_an_imap_window_holds_what_arrived_on_its_utc_days(server, folder):
    zone = timezone(timedelta(hours=-8))
    moments = [
        datetime(2026, 11, 17, 23, 59, 59, tzinfo=UTC),
        datetime(2026, 11, 17, 16, 0, 0, tzinfo=zone),  # the 18th, 0:00 UTC
        datetime(2026, 11, 20, 15, 59, 59, tzinfo=zone),  # the 20th, 23:59:59 UTC
        datetime(2026, 11, 20, 16, 0, 0, tzinfo=zone),
        datetime(2026, 11, 19, 12, 0, 0, tzinfo=UTC),
    ]
    server.append(folder, *[(letter(number), when) for number, when in enumerate(moments)])
    window = Window(date(2026, 11, 18), date(2026, 11, 20))
    answers, _ = await visit(reader(server.port, folder), window=window)
    assert subjects(answers) == ["n1", "n2", "n4"]
    assert all(window.holds(one.modified_at) for one in answers if isinstance(one, Fetched))


async def test_an_interrupted_imap_window_goes_on_at_its_cursor(server, folder):
    server.append(folder, *letters(1, 2, when=NOON - timedelta(days=9)), *letters(3, 4, 5))
    window = Window(NOON.date(), NOON.date())
    first, cursor = await visit(reader(server.port, folder), window=window, stop_after=1)
    second, _ = await visit(reader(server.port, folder), cursor, window)
    assert subjects(first) + subjects(second) == ["n3", "n4", "n5"]


def test_an_imap_search_asks_for_a_day_more_on_either_side():
    window = Window(date(2026, 11, 1), date(2026, 11, 3))
    assert criteria(7, window, unread_only=True) == "(SINCE 31-Oct-2026 BEFORE 5-Nov-2026 UNSEEN UID 8:*)"
    assert criteria(0, None, unread_only=False) == "(UID 1:*)"


# --- what changes at the server


async def test_an_imap_visit_without_mark_seen_changes_nothing_at_the_server(server, folder):
    server.append(folder, *letters(1, 2))
    visitor = reader(server.port, folder)
    async for answer in visitor.fetch(None, Memory()):
        if isinstance(answer, Fetched):
            await visitor.stored(answer)
    assert server.flags(folder) == {101: set(), 102: set()}


async def test_an_imap_message_is_marked_as_seen_when_it_is_stored_and_not_before(server, folder):
    server.append(folder, *letters(1, 2))
    visitor = reader(server.port, folder, mark_seen=True)
    seen = []
    async for answer in visitor.fetch(None, Memory()):
        seen.append(server.flags(folder))
        await visitor.stored(answer)
    assert seen == [{101: set(), 102: set()}, {101: {r"\Seen"}, 102: set()}]
    assert server.flags(folder) == {101: {r"\Seen"}, 102: {r"\Seen"}}


async def test_marking_as_seen_after_the_imap_visit_works_too(server, folder):
    server.append(folder, *letters(1))
    visitor = reader(server.port, folder, mark_seen=True)
    (found,), _ = await visit(visitor)
    await visitor.stored(found)
    assert server.flags(folder) == {101: {r"\Seen"}}
    assert visitor._marking is None


async def test_marking_as_seen_never_expunges_what_somebody_marked_as_deleted_over_imap(server, folder):
    server.append(folder, *letters(1, 2))
    server.flag(folder, 102, r"\Deleted")
    visitor = reader(server.port, folder, mark_seen=True)
    async for answer in visitor.fetch(None, Memory()):
        await visitor.stored(answer)
    assert server.flags(folder) == {101: {r"\Seen"}, 102: {r"\Deleted", r"\Seen"}}


async def test_another_imap_message_that_got_the_same_uid_is_not_marked(server, folder):
    server.append(folder, *letters(1))
    visitor = reader(server.port, folder, mark_seen=True)
    (found,), _ = await visit(visitor)
    server.recreate(folder)
    server.append(folder, *letters(9))
    await visitor.stored(found)
    assert server.flags(folder) == {101: set()}


async def test_an_imap_message_that_cannot_be_marked_is_an_error_and_the_next_one_can(certificate):
    with ImapServer(*certificate) as first:
        first.create("News")
        first.append("News", *letters(1))
        visitor = reader(first.port, "News", mark_seen=True)
        (found,), _ = await visit(visitor)
    with pytest.raises(SourceError) as raised:
        await visitor.stored(found)
    assert (raised.value.kind, visitor._marking) == ("unreachable", None)


# --- senders


@pytest.mark.parametrize(
    ("header", "senders", "passes"),
    [
        ("jo@x.org", ["jo@x.org"], True),
        ("Jo <JO@X.Org>", ["jo@x.org"], True),
        ("Jo <jo@x.org>", ["jo@y.org"], False),
        ("Jo <ajo@x.org>", ["jo@x.org"], False),
        ("jo@x.org", ["@x.org"], True),
        ("jo@mail.x.org", ["@x.org"], False),
        ("jo@notx.org", ["@x.org"], False),
        ("newsletters@y.org", ["newsletters@"], True),
        ("my-newsletters@y.org", ["newsletters@"], False),
        ("jo@x.org", ["@z.org", "jo@"], True),
        ('"newsletters@x.org" <evil@y.org>', ["@x.org"], False),
        ("newsletters@x.org <evil@y.org>", ["@x.org"], False),
        ("<newsletters@x.org> evil@y.org", ["@x.org"], False),
        ("newsletters@x.org(<evil@y.org>", ["@x.org"], False),
        ("=?utf-8?q?newsletters=40x=2Eorg_=3Cnewsletters=40x=2Eorg=3E=2C?= <evil@y.org>", ["@x.org"], False),
        ("jo@x.org, evil@y.org", ["@x.org"], False),
        ("jo@x.org\r\nFrom: evil@y.org", ["@x.org"], False),
        ("jo@x.org@y.org", ["@x.org"], False),
        ('"=?utf-8?Q?J=C3=B6?=" <jo@x.org>', ["@x.org"], True),
        ("Jo S. Smith <jo@x.org>", ["@x.org"], True),
        ("J\u00f6 <jo@x.org>", ["@x.org"], True),
        ("Jo", ["@x.org"], False),
        ("", ["@x.org"], False),
        ("jo@x.org," * 300, ["@x.org"], False),
        ("jo@x.org\r\nFrom: jo@x.org" * 12_000, ["@x.org"], False),
    ],
)
def test_imap_senders_are_judged_by_every_address_that_a_header_claims_never_by_the_name(header, senders, passes):
    assert allowed(f"From: {header}\r\n\r\n".encode(), senders) is passes


def test_an_imap_message_without_a_sender_does_not_pass_an_allow_list():
    assert not allowed(b"\r\n", ["@x.org"])


async def test_imap_messages_of_other_senders_are_passed_over_and_not_asked_for_again(server, folder):
    server.append(folder, *letters(1, sender="a@y.org"), *letters(2), *letters(3, sender='"jo@x.org" <a@y.org>'))
    visitor = reader(server.port, folder, senders=("@x.org",))
    answers, cursor = await visit(visitor)
    assert subjects(answers) == ["n2"]
    assert (answers[-1], cursor["uid"]) == (Unchanged(cursor), 103)


# --- positions


@pytest.mark.parametrize(
    ("cursor", "numbering", "position"),
    [
        ({}, Numbering(7, 12), Position(7, 0)),
        ({"uidvalidity": 7, "uid": 11}, Numbering(7, 12), Position(7, 11)),
        ({"uidvalidity": 7, "uid": 11}, Numbering(8, 12), Position(8, 0)),
        ({"uidvalidity": 7, "uid": 11}, Numbering(7, None), Position(7, 11)),
        ({"uidvalidity": 0, "uid": 11}, Numbering(0, 12), Position(0, 11)),
        ({"uidvalidity": 0, "uid": 11}, Numbering(0, 11), Position(0, 0)),
        ({"uidvalidity": 7, "uid": 11}, Numbering(0, 12), Position(0, 0)),
    ],
)
def test_imap_reading_goes_on_only_under_the_numbering_of_the_cursor(cursor, numbering, position):
    assert position_of(cursor, numbering) == position


async def test_an_imap_server_without_uidvalidity_is_read_on_like_any_other():
    with Part(EXAMINE=[b"* 2 EXISTS"], SEARCH=[b"* SEARCH 5 6"], SUMMARY=[summary(6)], BODY=[body(6, b"x")]) as part:
        answers, cursor = await visit(reader(part.port), {"uidvalidity": 0, "uid": 5})
    assert [one.body for one in answers] == [b"x"]
    assert cursor == {"uidvalidity": 0, "uid": 6}


# --- sizes


async def test_an_imap_message_over_the_limit_is_unreadable_and_the_next_is_read(server, folder):
    server.append(folder, *letters(1, text="x" * LIMIT), *letters(2))
    (large, fine), cursor = await visit(reader(server.port, folder))
    assert isinstance(large, Unreadable)
    assert (large.reason, f"limit is {LIMIT}" in large.detail) == ("too_large", True)
    assert (subjects([fine]), cursor["uid"]) == (["n2"], 102)


async def test_a_large_imap_message_is_not_downloaded():
    with Part(SEARCH=[b"* SEARCH 5"], SUMMARY=[summary(5, size=LIMIT + 1)]) as part:
        (large, end), cursor = await visit(reader(part.port))
    assert (large.reason, end, cursor["uid"]) == ("too_large", Unchanged(cursor), 5)
    assert not any("BODY.PEEK[]" in command for command in part.heard)


async def test_an_imap_message_that_is_larger_than_its_server_says_is_not_kept():
    answers = {"SEARCH": [b"* SEARCH 5"], "SUMMARY": [summary(5)], "BODY": [body(5, b"x" * (LIMIT + 1))]}
    with Part(**answers) as part:
        (large, _), _ = await visit(reader(part.port))
    assert large.reason == "too_large"


async def test_an_imap_server_that_announces_gigabytes_is_not_believed():
    flood = b"* 1 FETCH (UID 5 BODY[]<0> {9000000000}\r\n"
    with Part(SEARCH=[b"* SEARCH 5"], SUMMARY=[summary(5)], BODY=lambda _tag: flood) as part:
        error = await failure(reader(part.port))
    assert (error.kind, error.transient) == ("too_large", False)


# --- answers in other forms


async def test_imap_answers_are_understood_in_any_order_and_among_others():
    date = b'INTERNALDATE "20-Nov-2026 08:00:00 +0100"'
    header = literal(b"From: jo@x.org\r\n\r\n")
    told = [
        b"* 9 FETCH (FLAGS (\\Seen) UID 99)",
        b"* 1 FETCH (BODY[HEADER.FIELDS (FROM)] %s RFC822.SIZE 9 %s UID 5)" % (header, date),
        b"* 3 EXPUNGE",
        b'* 2 FETCH (UID 6 RFC822.SIZE 9 %s BODY[HEADER.FIELDS (FROM)] "")' % date,
    ]
    said = [b"* 1 FETCH (FLAGS (\\Seen) UID 5)", b"* 1 FETCH (BODY[]<0> %s UID 5)" % literal(b"raw\r\n")]
    with Part(SEARCH=[b"* SEARCH 6 5"], SUMMARY=told, BODY=said) as part:
        (found, end), _ = await visit(reader(part.port, senders=("@x.org",)))
    assert (found.body, found.modified_at) == (b"raw\r\n", datetime(2026, 11, 20, 7, tzinfo=UTC))
    assert end.cursor["uid"] == 6


@pytest.mark.parametrize(
    "nonsense",
    [
        {"SEARCH": [b"* SEARCH five"]},
        {"SEARCH": [b"* \xff\xfe"]},
        {"SEARCH": [b"* SEARCH 5"], "SUMMARY": [b"* 1 FETCH {99999999999999999999}"]},
        {"GREETING": b"\x16\x03\x01 220 ESMTP"},
        {"CAPABILITY": [b"* CAPABILITY \xff"]},
    ],
)
async def test_an_imap_server_that_talks_nonsense_is_an_error_of_its_own(nonsense):
    with Part(**nonsense) as part:
        error = await failure(reader(part.port))
    assert error.kind in {"unreachable", "unreadable", "too_large"}


async def test_an_imap_message_without_a_usable_date_is_read_and_belongs_to_no_window():
    told = [b'* 1 FETCH (UID 5 RFC822.SIZE 9 INTERNALDATE "never")']
    with Part(SEARCH=[b"* SEARCH 5"], SUMMARY=told, BODY=[body(5, b"raw")]) as part:
        (found,), _ = await visit(reader(part.port))
        (none,), _ = await visit(reader(part.port), window=Window(NOON.date(), NOON.date()))
    assert (found.modified_at, type(none)) == (None, Unchanged)


# --- failures


async def test_a_wrong_imap_password_is_told_without_the_password(server):
    wrong = ENVIRONMENT | {"PAKE_MAIL_PASSWORD": "wrong-" + PASSWORD}
    error = await failure(reader(server.port, environment=wrong))
    assert (error.kind, error.transient) == ("credentials", False)
    assert "PAKE_MAIL_PASSWORD" in str(error)


@pytest.mark.parametrize("missing", ["PAKE_MAIL_USERNAME", "PAKE_MAIL_PASSWORD"])
async def test_missing_imap_credentials_are_told_by_the_names_of_their_variables(missing):
    error = await failure(reader(1, environment=ENVIRONMENT | {missing: ""}))
    assert error.kind == "credentials"
    assert "set PAKE_MAIL_USERNAME and PAKE_MAIL_PASSWORD" in str(error)


async def test_an_imap_password_with_a_line_end_is_not_sent():
    with Part() as part:
        error = await failure(reader(part.port, environment=ENVIRONMENT | {"PAKE_MAIL_PASSWORD": PASSWORD + "\r\n"}))
    assert (error.kind, part.heard) == ("credentials", [])


@pytest.mark.parametrize("answer", [b"NO no: LOGIN %s", b"BAD what: LOGIN %s", b"NO [ALERT] %s"])
async def test_what_an_imap_server_repeats_of_the_login_is_never_told(answer):
    with Part(LOGIN=lambda tag: tag + b" " + answer % PASSWORD.encode() + b"\r\n") as part:
        error = await failure(reader(part.port))
    assert error.kind == "credentials"


async def test_what_an_imap_server_repeats_of_the_login_later_is_never_told_either():
    with Part(EXAMINE=lambda tag: tag + b" NO no folder for " + PASSWORD.encode() + b"\r\n") as part:
        error = await failure(reader(part.port))
    assert (error.kind, "no folder for ***" in str(error)) == ("missing", True)


def test_an_imap_password_is_not_part_of_what_an_account_shows():
    assert PASSWORD not in repr(Account(USER, PASSWORD))


async def test_a_password_beyond_ascii_is_sent_as_imap_wants_it():
    password = "Paßwort"
    with Part(AUTHENTICATE=lambda tag: b"+ \r\n", SEARCH=[b"* SEARCH"]) as part:
        part.answer = _sasl(part, part.answer)
        answers, _ = await visit(reader(part.port, environment=ENVIRONMENT | {"PAKE_MAIL_PASSWORD": password}))
    assert [type(one) for one in answers] == [Unchanged]
    assert part.sent == f"\0{USER}\0{password}".encode()


def _sasl(part, otherwise):
    import base64

    def answer(line):
        if line.startswith(b"AHJ"):  # base64 of NUL and the user's first letter
            part.sent = base64.b64decode(line)
            return [part.tag + b" OK done\r\n"]
        part.tag = line.split()[0]
        return otherwise(line)

    return answer


@pytest.mark.parametrize("when", ["LOGIN", "EXAMINE", "SEARCH", "SUMMARY"])
async def test_an_imap_server_that_is_busy_is_asked_again_later(when):
    busy = {when: lambda tag: tag + b" NO [UNAVAILABLE] later\r\n"}
    with Part(**{"SEARCH": [b"* SEARCH 5"]} | busy) as part:
        error = await failure(reader(part.port))
    assert (error.kind, error.transient) == ("busy", True)


async def test_a_missing_imap_folder_is_an_error(server):
    error = await failure(reader(server.port, "no such folder"))
    assert (error.kind, error.transient) == ("missing", False)


async def test_an_imap_server_that_is_not_there_is_unreachable(server):
    with Part() as part:
        port = part.port
    error = await failure(reader(port))
    assert (error.kind, error.transient) == ("unreachable", True)


async def test_an_imap_server_that_greets_with_goodbye_is_an_error():
    with Part(GREETING=b"* BYE overloaded") as part:
        error = await failure(reader(part.port))
    assert error.kind in {"unreachable", "unreadable"}


async def test_an_imap_server_killed_in_the_middle_is_a_passing_failure_and_the_cursor_stands(certificate):
    with ImapServer(*certificate) as doomed:
        doomed.create("News")
        doomed.append("News", *letters(1, 2, 3))
        cursors = []

        async def read():
            async for answer in reader(doomed.port, "News").fetch(None, Memory()):
                cursors.append(answer.cursor)
                doomed.kill()

        with pytest.raises(SourceError) as raised:
            await read()
    assert (raised.value.kind, raised.value.transient) == ("unreachable", True)
    assert [one["uid"] for one in cursors] == [101]


async def test_an_imap_server_that_falls_silent_is_given_up(certificate):
    with ImapServer(*certificate) as slow:
        slow.append("INBOX", *letters(1, 2))
        slow.pause()
        started = time.monotonic()
        error = await failure(reader(slow.port, silence_seconds=0.5))
    assert (error.kind, error.transient) == ("timeout", True)
    assert time.monotonic() - started < 5


@pytest.mark.parametrize("when", ["CAPABILITY", "SEARCH"])
async def test_an_imap_server_that_trickles_is_given_up_at_the_deadline(when):
    with Part(**{when: trickle}) as part:
        started = time.monotonic()
        error = await failure(reader(part.port, silence_seconds=5, visit_seconds=1))
    assert error.kind == "timeout"
    assert time.monotonic() - started < 4.5


async def test_an_imap_connection_is_closed_when_the_caller_stops():
    two = [summary(5), summary(6)]
    with Part(SEARCH=[b"* SEARCH 5 6"], SUMMARY=two, BODY=[body(5, b"x")]) as part:
        await visit(reader(part.port), stop_after=1)
    assert part.heard[-1] == "LOGOUT"


# --- encryption


async def test_a_self_signed_imap_certificate_is_refused(server):
    for port, security in ((server.tls_port, "tls"), (server.port, "starttls")):
        error = await failure(reader(port, security=security))
        assert (error.kind, error.transient) == ("refused", False)
        assert "certificate is not trusted" in str(error)


async def test_imap_inside_tls_works_with_a_certificate_that_the_system_trusts(
    server, folder, certificate, monkeypatch
):
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate[0]))
    server.append(folder, *letters(1))
    for port, security in ((server.tls_port, "tls"), (server.port, "starttls")):
        answers, _ = await visit(reader(port, folder, security=security, host="localhost"))
        assert subjects(answers) == ["n1"]


async def test_an_imap_certificate_for_another_name_is_refused(server, certificate, monkeypatch):
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate[0]))
    error = await failure(reader(server.tls_port, security="tls", host="127.0.0.2"))
    assert error.kind in {"refused", "unreachable"}


async def test_an_imap_server_without_starttls_gets_no_password():
    with Part() as part:
        error = await failure(reader(part.port, security="starttls"))
    assert error.kind == "refused"
    assert not any("LOGIN" in command for command in part.heard)


# --- configuration


@pytest.mark.parametrize(
    "options",
    [
        {"security": "plain", "host": "mail.example.org"},
        {"security": "starttls", "port": 993},
        {"host": "user:secret@mail.example.org"},
        {"senders": ("example.org",)},
        {"senders": ("@",)},
        {"senders": ("a@b@c",)},
        {"folder": ""},
    ],
)
def test_an_imap_source_that_cannot_be_meant_so_is_refused(options):
    with pytest.raises(ValidationError):
        source(**options)


def test_the_address_of_an_imap_source_is_one_of_rfc_5092():
    assert source(143, "Zeitung/Ä b", host="::1").address == "imap://[::1]:143/Zeitung/%C3%84%20b"


def test_imap_parsing_can_be_sent_to_another_process():
    assert pickle.loads(pickle.dumps(Mailbox.parse)) is Mailbox.parse
