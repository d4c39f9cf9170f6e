"""Slugs are made of names and are always valid and free."""

from hypothesis import given
from hypothesis import strategies as st

from pake_pipelines.config.slugs import slug_for
from pake_pipelines.config.sources import _SLUG


def test_a_slug_is_the_name_in_small_letters():
    assert slug_for("MIT Technology Review: AI!", "https://x.example", ()) == "mit-technology-review-ai"
    assert slug_for("Café Über", "https://x.example", ()) == "cafe-uber"


def test_a_name_without_latin_letters_gives_way_to_the_host():
    assert slug_for("Новости", "https://news.example/feed", ()) == "news-example"
    assert slug_for("新闻", "", ()) == "source"


def test_a_taken_slug_gets_a_number():
    assert slug_for("News", "", {"news", "news-2"}) == "news-3"
    longest = "n" * 62
    assert slug_for(longest, "", {longest}) == "n" * 60 + "-2"


@given(st.text(), st.sets(st.sampled_from(["a", "a-2", "source", "x-example"])))
def test_every_name_gives_a_valid_free_slug(name, taken):
    slug = slug_for(name, "https://x.example/feed", taken)
    assert _SLUG.fullmatch(slug)
    assert slug not in taken
