"""The plan of a run: so many pages, so many of each host, no page twice, and nothing outside the public web."""

from pake_pipelines.pipeline.link_plan import DueLink, LinkPlan


def planned(*urls, most=100, most_per_host=100):
    plan = LinkPlan(most, most_per_host)
    for url in urls:
        plan.take(DueLink(url))
    return plan


def pages(plan):
    return [[page.url for page in pages] for pages in plan.hosts]


def test_hosts_and_their_pages_keep_the_order_in_which_they_came():
    plan = planned("https://b.org/1", "https://a.org/1", "https://B.org/2")
    assert pages(plan) == [["https://b.org/1", "https://B.org/2"], ["https://a.org/1"]]


def test_links_that_differ_in_their_fragment_are_one_page():
    plan = planned("https://a.org/x#one", "https://a.org/x", "https://a.org/x#two", most=1)
    assert pages(plan) == [["https://a.org/x"]]
    assert set(plan.links) == {"https://a.org/x#one", "https://a.org/x", "https://a.org/x#two"}


def test_no_host_takes_the_place_of_the_others():
    plan = planned(*(f"https://a.org/{n}" for n in range(50)), "https://b.org/", most=10, most_per_host=3)
    assert pages(plan) == [["https://a.org/0", "https://a.org/1", "https://a.org/2"], ["https://b.org/"]]
    assert not plan.is_full


def test_a_full_plan_takes_nothing_more_that_would_have_to_be_asked():
    plan = planned("https://a.org/1", "https://b.org/1", "https://c.org/1", "https://x.example/", most=2)
    assert plan.is_full
    assert pages(plan) == [["https://a.org/1"], ["https://b.org/1"]]
    assert [link.url for link, _ in plan.outside] == ["https://x.example/"]


def test_a_plan_can_be_narrowed():
    plan = planned("https://a.org/1#x", "https://a.org/1#y", "https://b.org/1")
    plan.keep({"https://a.org/1#y"})
    assert list(plan.links) == ["https://a.org/1#y"]
    assert pages(plan) == [["https://a.org/1"]]
