"""Nothing of what a service's variables hold is ever shown."""

import pytest

from pake_pipelines.config.services import HttpService, RedisService
from pake_pipelines.health import secrecy

ADDRESS = "https://user%21:pass%20word@host.example:8443/hooks/T0KEN?key=value1#frag1"


@pytest.mark.parametrize(
    "text",
    [ADDRESS, "host.example", "connecting to host.example:8443", "pass word", "pass%20word", "user%21", "hooks/T0KEN",
     "key=value1", "frag1", "twice T0KEN/hooks/T0KEN"],
)  # fmt: skip
def test_no_part_of_an_address_is_shown(text):
    shown = secrecy.shown(text, HttpService(url_env="A"), {"A": ADDRESS})
    assert "***" in shown
    for part in ("host.example", "pass word", "pass%20word", "user%21", "/T0KEN?", "key=value1", "frag1"):
        assert part not in shown


def test_other_variables_are_hidden_as_a_whole():
    service = HttpService(url="http://a.example/", bearer_env="TOKEN", requires_env=("REGION", "NOT_SET"))
    environ = {"TOKEN": "s3cret", "REGION": "eu-west", "ELSE": "seen"}
    assert secrecy.shown("s3cret of eu-west is seen", service, environ) == "*** of *** is seen"


def test_a_short_value_hides_nothing_of_what_is_shown():
    assert secrecy.shown("a b c", RedisService(requires_env=("ON",)), {"ON": "a"}) == "a b c"


def test_the_variables_of_a_service_are_named_once_each():
    service = HttpService(url_env="A", bearer_env="B", requires_env=("B", "C", "A"))
    assert secrecy.variables(service) == ("B", "C", "A")


def test_text_stays_readable_and_in_one_line():
    text = "größer\n\tals · 5 €\x00\x1b[0m"
    assert secrecy.shown(text, RedisService(), {}) == "größer als · 5 € [0m"
