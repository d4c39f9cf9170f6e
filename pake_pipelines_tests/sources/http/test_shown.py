"""Addresses in messages: secrets masked, the rest left alone."""

import pytest

from pake_pipelines.sources.http.shown import shown


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://me:s3cret@feed.example/x", "https://***@feed.example/x"),
        ("https://s3cret@feed.example/x", "https://***@feed.example/x"),
        ("https://feed.example/?token=s3cret", "https://feed.example/?token=***"),
        ("https://feed.example/?page=2&API_KEY=s3cret&q=x", "https://feed.example/?page=2&API_KEY=***&q=x"),
        ("https://feed.example/?key=a=b", "https://feed.example/?key=***"),
        ("https://feed.example/?accessToken=s3cret;sig=s3cret", "https://feed.example/?accessToken=***;sig=***"),
        ("https://feed.example/?X-Amz-Signature=s3cret", "https://feed.example/?X-Amz-Signature=***"),
        ("https://feed.example/?tok%65n=s3cret", "https://feed.example/?tok%65n=***"),
        ("https://feed.example/?user%5Bpassword%5D=s3cret", "https://feed.example/?user%5Bpassword%5D=***"),
        ("https://feed.example/#access_token=s3cret", "https://feed.example/#access_token=***"),
        ("https://feed.example/?token=", "https://feed.example/?token="),
    ],
)
def test_what_only_the_server_should_know_is_masked(url, expected):
    assert shown(url) == expected


@pytest.mark.parametrize(
    "name",
    ["token", "key", "api_key", "apikey", "auth", "oauth", "password", "passwd", "pwd", "secret", "client_secret",
     "sig", "signature", "access_token", "refreshToken", "jwt", "sid", "session", "credential", "feed-key",
     "authToken", "hmac"],
)  # fmt: skip
def test_names_that_look_secret(name):
    assert shown(f"https://feed.example/?{name}=s3cret") == f"https://feed.example/?{name}=***"


@pytest.mark.parametrize(
    "url",
    [
        "https://medium.com/feed/@author", "https://feed.example/?author=me&keyword=x&tokens_used=3&signal=4&assignee=5",
        "https://feed.example/search?q=cat:cs.AI&start=0", "http://[::1]:8080/x?y", "no address at all", "",
    ],
)  # fmt: skip
def test_everything_else_is_left_alone(url):
    assert shown(url) == url


def test_no_address_forges_a_line_or_fills_the_log():
    assert shown("https://feed.example/\n2026 ERROR \x1b[31m") == "https://feed.example/\ufffd2026 ERROR \ufffd[31m"
    assert len(shown("https://feed.example/" + "a" * 10_000)) <= 501
