"""A message becomes the entry that a person would read, however badly it is made."""

import base64
import quopri
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pake_pipelines.sources.mail.message import parse_message
from pake_pipelines.sources.protocol import Fetched

ARRIVED = datetime(2026, 11, 20, 12, tzinfo=UTC)
URL = "imap://127.0.0.1:143/INBOX;UIDVALIDITY=1/;UID=1"


def parse(raw, arrived=ARRIVED):
    raw = raw if isinstance(raw, bytes) else raw.encode()
    return parse_message(Fetched(URL, raw, ARRIVED, "message/rfc822", arrived))


def entry(raw, **options):
    (found,) = parse(raw, **options).entries
    return found


def headed(*lines, body="text"):
    return entry("\n".join([*lines, "", body]))


def part(kind, text, *headers):
    return "\n".join([f"Content-Type: {kind}", *headers, "", text])


def multi(subtype, *parts, boundary="b"):
    inside = "".join(f"--{boundary}\n{one}\n" for one in parts)
    return f'Content-Type: multipart/{subtype}; boundary="{boundary}"\n\n{inside}--{boundary}--\n'


PLAIN = part("text/plain", "some plain words")
HTML = part("text/html", "<p>some <b>marked</b> words</p>")


# --- who, about what, when, known by what


def test_the_key_is_the_message_id():
    assert headed("Message-ID: <a.1@x.org>").key == "a.1@x.org"
    assert headed("Message-Id:\n <a.1@x.org> (comment)").key == "a.1@x.org"


@pytest.mark.parametrize(
    "lines",
    [
        [],
        ["Message-ID: <a@x.org>", "Message-ID: <b@x.org>"],
        ["Message-ID: <>"],
        ["Message-ID: none"],
        [f"Message-ID: <{'a' * 1001}@x.org>"],
    ],
)
def test_a_message_that_no_single_message_id_names_is_known_by_its_bytes(lines):
    one, same, other = headed(*lines), headed(*lines), headed(*lines, body="other")
    assert one.key == same.key != other.key
    assert len(one.key) == 64
    assert "known by its bytes" in one.problems[0]


@pytest.mark.parametrize(
    ("raw", "title"),
    [
        ("Hello", "Hello"),
        ("=?UTF-8?Q?Gr=C3=BC=C3=9Fe_an?= =?iso-8859-1?b?SvZyZw==?=", "Grüße anJörg"),
        ("=?utf-8?b?5pel?=\n =?utf-8?b?5pys?= go", "日本 go"),
        ("=?utf-8?b?5pel5g==?= =?utf-8?b?nKw=?=", "日本"),
        ("=?utf-8*en?q?a=20b?=", "a b"),
        ("=?x-nobody-knows?q?Gr=C3=BC=C3=9Fe?=", "Grüße"),
        ("=?utf-8?b?R3LDvMOfZQ?=", "Grüße"),
        ("=?gb2312?B?xOO6ww==?=", "你好"),
        ("=?utf-8?q?a b c?=", "a b c"),
        ("=?utf-8?x?abc?=", "=?utf-8?x?abc?="),
        ("=?utf-8?b?a?=", "=?utf-8?b?a?="),
        ("folded\n\tover\n lines", "folded over lines"),
        ("漢字 =?utf-8?q?=C3=BC?=", "漢字 ü"),
        ("x" * 900, "x" * 500),
    ],
)
def test_a_subject_is_readable_in_whatever_form_it_comes(raw, title):
    assert headed(f"Subject: {raw}").title == title


def test_a_subject_in_bytes_of_an_old_charset_is_readable():
    assert entry("Subject: Formação\n\ntext".encode("latin-1")).title == "Formação"


def test_without_a_subject_the_first_line_that_a_reader_sees_is_the_title():
    assert headed("Subject: ", body="\n  first\nsecond").title == "first"
    html = "<html><head><title>no</title><style>p {}</style></head><p>first</p></html>"
    assert entry(part("text/html", html)).title == "first"
    assert headed("To: a@x.org", body=" ").title == "(no subject)"


@pytest.mark.parametrize(
    ("line", "author"),
    [
        ("From: jo@x.org", "jo@x.org"),
        ('From: "Jo" <jo@x.org>', "Jo <jo@x.org>"),
        ("From: =?utf-8?q?J=C3=B6?= <jo@x.org>", "Jö <jo@x.org>"),
        ('From: "=?utf-8?q?J=C3=B6?=" <jo@x.org>', "Jö <jo@x.org>"),
        ("From: Jö <jo@x.org>", "Jö <jo@x.org>"),
        ("From: a@x.org, b@x.org", "a@x.org, b@x.org"),
        ("From: John Doe", "John Doe"),
        ("From: undisclosed:;", "undisclosed:;"),
        ("Sender: jo@x.org", "jo@x.org"),
        ("To: jo@x.org", None),
    ],
)
def test_the_author_is_whom_the_message_says_it_is_from(line, author):
    assert headed(line).author == author


@pytest.mark.parametrize(
    ("date", "published"),
    [
        ("Fri, 20 Nov 2026 10:00:00 +0200", ARRIVED - timedelta(hours=4)),
        ("20 Nov 26 08:00 GMT (comment)", ARRIVED - timedelta(hours=4)),
        ("Fri, 20 Nov 2026 08:00:00 -0000", ARRIVED - timedelta(hours=4)),
        ("Fri, 20 Nov 2026 22:00:00 +0000", ARRIVED + timedelta(hours=10)),
        ("Fri, 20 Nov 2099 08:00:00 +0000", ARRIVED),
        ("Thu, 1 Jan 1970 00:00:00 +0000", ARRIVED),
        ("Fri, 31 Feb 2026 99:00:00 +0000", ARRIVED),
        ("Fri, 1 Jan 0001 00:00:00 +2400", ARRIVED),
        ("yesterday", ARRIVED),
        ("", ARRIVED),
    ],
)
def test_a_message_is_dated_as_it_says_where_that_can_be_and_else_by_its_arrival(date, published):
    found = headed(f"Date: {date}")
    assert found.published_at == published
    assert any("dated by its arrival" in one for one in found.problems) is (published == ARRIVED)


def test_a_message_without_any_date_has_none():
    found = entry("Subject: a\n\ntext", arrived=None)
    assert found.published_at is None
    assert "no usable date" in found.problems


def test_only_a_link_to_the_very_message_is_its_address():
    assert headed("Archived-At: <https://lists.x.org/m/1>").url == "https://lists.x.org/m/1"
    # the archive of a list is the same for all its messages, and they would all be duplicates of each other
    assert headed("List-Archive: <https://lists.x.org/>").url is None
    assert headed("Archived-At: <javascript:alert(1)>").url is None


# --- the text


def test_plain_text_is_taken_as_it_stands():
    found = entry(part("text/plain; charset=utf-8", "Grüße\n\n> quoted\n"))
    assert (found.media_type, found.body, found.problems[2:]) == ("text/plain", "Grüße\n\n> quoted", ())


def test_of_alternatives_the_html_is_taken_where_it_says_as_much():
    found = entry(multi("alternative", PLAIN, HTML))
    assert (found.media_type, found.body) == ("text/html", "<p>some <b>marked</b> words</p>")


def test_of_alternatives_the_plain_text_is_taken_where_it_says_more():
    poor = part("text/html", "<style>p { color: red; margin: 0; padding: 0 }</style><img src=all.png><p>see above</p>")
    found = entry(multi("alternative", PLAIN, poor))
    assert (found.media_type, found.body) == ("text/plain", "some plain words")


def test_links_that_plain_text_spells_out_do_not_make_it_fuller():
    spelled = part("text/plain", "some plain words https://x.org/a/very/long/link/with/many/words?a=b&c=d")
    assert entry(multi("alternative", spelled, HTML)).media_type == "text/html"


def test_html_inside_related_inside_alternative_is_found_and_its_pictures_are_not_named():
    picture = part("image/png", "AAAA", "Content-ID: <a>", "Content-Transfer-Encoding: base64")
    related = multi("related", HTML, picture, boundary="r")
    found = entry(multi("alternative", PLAIN, related))
    assert found.body == "<p>some <b>marked</b> words</p>"


def test_parts_that_follow_each_other_are_joined_in_html_if_any_of_them_is():
    plain = entry(multi("mixed", PLAIN, part("text/plain", "1 < 2\n\nfooter")))
    assert (plain.media_type, plain.body) == ("text/plain", "some plain words\n\n1 < 2\n\nfooter")
    mixed = entry(multi("mixed", HTML, part("text/plain", "1 < 2\n\nfooter")))
    assert mixed.media_type == "text/html"
    assert mixed.body == "<p>some <b>marked</b> words</p>\n<p>1 &lt; 2</p>\n<p>footer</p>"


def test_nothing_that_follows_a_page_stands_behind_its_end():
    page = part("text/html", "<html><body><p>one</p></body></html >")
    body = entry(multi("mixed", page, PLAIN, page)).body
    assert body == "<html><body><p>one</p>\n<p>some plain words</p>\n<html><body><p>one</p>"
    assert entry(page).body.endswith("</html >")


def test_attachments_are_named_at_the_end_and_not_stored():
    octets = base64.b64encode(b"x" * 12_300).decode()
    pdf = part(
        "application/pdf",
        octets,
        "Content-Transfer-Encoding: base64",
        "Content-Disposition: attachment; filename=a.pdf",
    )
    text = part("text/plain", "secret", 'Content-Disposition: attachment; filename="C:\\\\dir\\\\<b>.txt"')
    named = "a.pdf (application/pdf, 12.3 kB), <b>.txt (text/plain, 6 bytes)"
    assert entry(multi("mixed", PLAIN, pdf, text)).body == f"some plain words\n\nAttachments: {named}"
    assert entry(multi("mixed", HTML, pdf, text)).body.endswith(
        "<p>Attachments: a.pdf (application/pdf, 12.3 kB), &lt;b&gt;.txt (text/plain, 6 bytes)</p>"
    )


@pytest.mark.parametrize(
    "given_as",
    [
        "filename*=utf-8''%C3%BCber.txt",
        "filename*0*=utf-8''%C3%BC; filename*1=ber.txt",
        'filename="=?utf-8?q?=C3=BCber.txt?="',
        "filename=über.txt",
    ],
)
def test_the_name_of_an_attachment_is_readable_in_all_its_forms(given_as):
    attached = part("text/plain", "x", f"Content-Disposition: attachment; {given_as}")
    assert "über.txt (text/plain, 1 bytes)" in entry(multi("mixed", PLAIN, attached)).body


def test_a_message_of_nothing_but_an_attachment_names_it():
    assert entry(part("application/zip; name=a.zip", "AAAA")).body == "Attachments: a.zip (application/zip, 4 bytes)"


def test_a_forwarded_message_is_shown_with_who_wrote_it_and_what_about():
    forwarded = part("message/rfc822", "From: a@x.org\nSubject: =?utf-8?q?=C3=BC?=\n\ninner words")
    body = entry(multi("mixed", PLAIN, forwarded)).body
    assert body == "some plain words\n\nForwarded message\nFrom: a@x.org\nSubject: ü\n\ninner words"


def test_a_forwarded_message_in_base64_is_shown_though_nobody_may_send_it_so():
    octets = base64.b64encode(b"From: a@x.org\n\ninner words").decode()
    forwarded = part("message/rfc822", octets, "Content-Transfer-Encoding: base64")
    assert "From: a@x.org\n\ninner words" in entry(multi("mixed", PLAIN, forwarded)).body


EVENT = """BEGIN:VCALENDAR
SUMMARY:not this
BEGIN:VEVENT
DTSTART;TZID=Europe/Berlin:20261120T090000
SUMMARY:Plenary\\, part
  one
LOCATION:Room 1
DESCRIPTION:Bring a pen\\nand paper
END:VEVENT
END:VCALENDAR"""


def test_an_invitation_says_what_when_and_where():
    body = entry(part("text/calendar", EVENT)).body
    assert body.splitlines() == [
        "Starts: 20261120T090000", "Event: Plenary, part one", "Place: Room 1", "Bring a pen", "and paper",
    ]  # fmt: skip


def test_an_invitation_is_left_out_where_its_text_stands_beside_it():
    calendar = part("text/calendar", EVENT)
    assert entry(multi("alternative", PLAIN, calendar)).body == "some plain words"
    assert "Plenary" in entry(multi("alternative", part("text/plain", " "), calendar)).body


def test_flowed_lines_are_one_paragraph_again():
    flowed = "one \ntwo\n\n> quoted \n> on\n>> deeper\n -- stuffed\n-- \nsignature"
    body = entry(part("text/plain; format=flowed", flowed)).body
    assert body == "one two\n\n> quoted on\n>> deeper\n-- stuffed\n-- \nsignature"
    assert entry(part("text/plain; format=flowed; delsp=yes", "日 \n本")).body == "日本"


def test_html_that_is_declared_as_plain_text_is_html():
    assert entry(part("text/plain", "\n<!DOCTYPE html><p>x</p>")).media_type == "text/html"


# --- encodings


def encoded(charset, octets, encoding="8bit"):
    head = f"Content-Type: text/plain; charset={charset}\nContent-Transfer-Encoding: {encoding}\n\n"
    return entry(head.encode() + octets)


@pytest.mark.parametrize(
    ("charset", "octets", "text"),
    [
        ("utf-8", "Grüße".encode(), "Grüße"),
        ("iso-8859-1", b"\x93quoted\x94", "“quoted”"),
        ("us-ascii", "Grüße".encode(), "Grüße"),
        ("us-ascii", "Grüße".encode("cp1252"), "Grüße"),
        ("utf-8", "Grüße".encode("cp1252"), "Grüße"),
        ('"utf-8"', "Grüße".encode(), "Grüße"),
        ("x-unknown", "Grüße".encode(), "Grüße"),
        ("rot13", b"text", "text"),
        ("hex", b"text", "text"),
        ("unicode_escape", b"\\ud800 text", "\\ud800 text"),
        ("punycode", b"text-", "text-"),
        ("gb2312", "你好镕".encode("gb18030"), "你好镕"),
        ("ks_c_5601-1987", "안녕".encode("cp949"), "안녕"),
        ("iso-8859-8-i", "שלום".encode("iso-8859-8"), "שלום"),
        ("iso-2022-jp", "日本".encode("iso-2022-jp"), "日本"),
        ("utf-8", b"\x00a\x00", "a"),
        ("utf-7", b"+2AA- a", " a"),
    ],
)
def test_text_in_a_charset_that_is_wrong_or_unknown_is_read_all_the_same(charset, octets, text):
    assert encoded(charset, octets).body == text


def test_a_few_damaged_characters_do_not_change_the_charset():
    damaged = "Grüße über Köln".encode()[:-4] + b"\xc3n"
    assert encoded("utf-8", damaged).body == "Grüße über K\ufffdn"


def test_html_is_read_in_the_charset_that_it_declares_itself():
    markup = '<meta charset="windows-1251"><p>Привет</p>'.encode("cp1251")
    assert "Привет" in entry(b"Content-Type: text/html\n\n" + markup).body


@pytest.mark.parametrize("declared", ["base64", "BASE64", " base64;", '"base64"'])
def test_base64_is_decoded_however_its_name_is_written(declared):
    assert encoded("utf-8", base64.b64encode("Grüße".encode()), declared).body == "Grüße"


@pytest.mark.parametrize("declared", ["quoted-printable", "Quoted Printable", "quoted-printable;"])
def test_quoted_printable_is_decoded_however_its_name_is_written(declared):
    assert encoded("utf-8", quopri.encodestring("Grüße=".encode()), declared).body == "Grüße="


def test_broken_quoted_printable_loses_nothing():
    assert encoded("utf-8", b"a =ZZ b =", "quoted-printable").body.startswith("a =ZZ b")


@pytest.mark.parametrize("text", ["Dear reader,\nthis is no base64.", "Dear\n\nSir, hello"])
def test_text_that_only_claims_to_be_base64_is_read_as_it_stands(text):
    assert encoded("utf-8", text.encode(), "base64").body == text


def test_the_footer_that_a_list_appends_to_base64_is_kept():
    octets = (
        base64.encodebytes("Grüße an alle, die das hier lesen".encode()) + b"______\nlist footer, unsubscribe here\n"
    )
    assert encoded("utf-8", octets, "base64").body == (
        "Grüße an alle, die das hier lesen\n______\nlist footer, unsubscribe here"
    )


# --- broken and hostile messages


@pytest.mark.parametrize(
    "raw",
    [
        'Content-Type: multipart/mixed; boundary="b"\n\nonly text',
        "Content-Type: multipart/mixed\n\nonly text",
        "Content-Type: multipart\n\nonly text",
        'Content-Type: multipart/mixed; boundary="b"\n\n--b\n\nonly text',
        'Content-Type: multipart/mixed; boundary="b"\n\n--b\nContent-Type: ;;;\n\nonly text\n--b--',
        "Content-Type: text/plain; charset*=x''%ZZ; charset*0=y\n\nonly text",
        "Content-Disposition: ;;=\n\nonly text",
        "\n\nonly text",
        "only text",
    ],
)
def test_a_broken_message_still_shows_its_text(raw):
    assert "only text" in entry(raw).body


@pytest.mark.parametrize("raw", ["", "\r\n\r\n", " \n"])
def test_an_empty_message_is_a_dead_letter(raw):
    parsed = parse(raw)
    assert (parsed.entries, parsed.unparsed[0].key, parsed.unparsed[0].reason) == ((), URL, "empty")


def test_a_message_without_text_says_so():
    assert "no text" in headed("Subject: a", body="").problems


def test_parts_beyond_reason_are_left_out():
    many = entry(multi("mixed", *[part("text/plain", f"w{n}") for n in range(600)]))
    assert ("w400" in many.body, "w599" in many.body) == (True, False)
    deep = "text/plain\n\ninnermost"
    for level in range(60):
        deep = f'multipart/mixed; boundary="b{level}"\n\n--b{level}\nContent-Type: {deep}\n--b{level}--'
    assert "innermost" not in entry(f"Content-Type: {deep}").body


def test_a_message_nested_thousands_deep_is_a_dead_letter_and_no_crash():
    parsed = parse("Content-Type: message/rfc822\n\n" * 5000)
    assert [one.reason for one in parsed.unparsed] == ["malformed"]


def test_a_text_beyond_reason_is_cut():
    found = headed("Subject: a", body="word " * 500_000)
    assert len(found.body) == 2_000_000
    assert any("characters were kept" in one for one in found.problems)


@pytest.mark.parametrize("name", ["Subject", "From", "Date", "Message-ID", "Archived-At", "Content-Type"])
def test_a_header_of_a_megabyte_takes_no_time(name):
    assert headed(f"{name}: {'(a@b,' * 200_000}").body in {"text", "Attachments: unnamed ((a@b, 4 bytes)"}


_HEADERS = st.sampled_from(
    ["From", "Subject", "Date", "Message-ID", "Content-Type", "Content-Transfer-Encoding", "Content-Disposition"]
)
_VALUES = st.one_of(
    st.binary(max_size=60),
    st.sampled_from(
        [b"multipart/mixed; boundary=b", b"multipart/alternative; boundary=b", b"message/rfc822", b"base64",
         b"quoted-printable", b"x-uuencode", b"text/html; charset=utf-7", b"text/calendar",
         b"attachment; filename*=u''%",
         b"=?utf-7?b?K0FBQUFB?=", b"a@b (((", b'"\\', b"text/plain; format=flowed"]
    ),
)  # fmt: skip
_LINES = st.one_of(
    st.tuples(_HEADERS, _VALUES).map(lambda one: one[0].encode() + b": " + one[1]),
    st.sampled_from([b"", b"--b", b"--b--", b"begin 644 a", b"end", b"=ZZ=", b"AAAA"]),
    st.binary(max_size=60),
)


@settings(max_examples=400, deadline=None)
@given(st.lists(_LINES, max_size=25))
def test_no_bytes_make_the_parser_raise_or_give_what_cannot_be_stored(lines):
    parsed = parse(b"\n".join(lines))
    for found in parsed.entries:
        said = [found.key, found.title, found.body, found.author or "", found.url or "", *found.problems]
        assert not any("\x00" in one or any("\ud800" <= character <= "\udfff" for character in one) for one in said)
        assert len(found.key.encode()) <= 1000
        assert found.published_at is None or found.published_at.tzinfo is UTC
