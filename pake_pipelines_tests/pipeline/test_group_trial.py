"""A trial answers as the pipeline would, without a store."""

from datetime import timedelta

from pake_pipelines.model.identity import pake_id
from pake_pipelines.pipeline.group_trial import try_groups
from pake_pipelines.pipeline.kit import Kit
from pake_pipelines.pipeline.trial_items import TrialItem
from pake_pipelines.settings import Settings
from pake_pipelines_tests.chain import rows, visit, walk
from pake_pipelines_tests.conftest import NOW
from pake_pipelines_tests.embedder import WordEmbedder
from pake_pipelines_tests.feeds import item, prose, rss, sources_yaml
from pake_pipelines_tests.site import Page

TEXTS = {
    1: prose(1),
    2: f"<p>{prose(1)}</p>",
    3: prose(1) + " It was a quiet morning.",
    4: "Bakers across Normandy now mill heritage wheat themselves, because customers ask for bread with less gluten.",
}


def tried(items, tmp_path, quality=""):
    configs = tmp_path / "configs"
    configs.mkdir(parents=True, exist_ok=True)
    (configs / "quality.yaml").write_text(quality)
    said = []
    kit = Kit(Settings(home=tmp_path), WordEmbedder())
    return try_groups(items, kit, said.append), kit.embedder


def sets(placed):
    found = {}
    for one in placed:
        found.setdefault(one.canonical, set()).add(one.key)
    return sorted(map(sorted, found.values()))


async def test_a_trial_groups_as_the_pipeline_does(configure, kit_of, database, run, site, tmp_path):
    kit = kit_of(configure(sources_yaml(web=site.url("/feed"))))
    site.pages["/feed"] = Page(rss(*(item(number, title="Seen", text=text) for number, text in TEXTS.items())))
    await visit(kit, database, run)
    await walk(kit, database, run)
    stored = await rows(
        database, "SELECT canonical_id, pake_id FROM duplicate_members JOIN duplicate_groups USING (group_id)"
    )
    names = {pake_id("web", f"https://feed.example/{number}"): str(number) for number in TEXTS}
    placed, _ = tried([TrialItem(str(number), "Seen", text) for number, text in TEXTS.items()], tmp_path)
    grouped = [one for one in placed if one.members > 1]
    assert {one.key for one in grouped} == {names[row["pake_id"]] for row in stored} == {"1", "2", "3"}


def test_equal_texts_are_embedded_once_and_a_thousand_copies_are_one_group(tmp_path):
    placed, embedder = tried([TrialItem(str(number), "Seen", prose(1)) for number in range(1000)], tmp_path)
    assert embedder.encoded == 1
    assert {one.canonical for one in placed} == {placed[0].canonical}
    assert {one.members for one in placed} == {1000}
    assert all(one.tie is not None and one.tie.compared.level == "exact" for one in placed)


def test_the_keep_policy_elects_the_canonical_member(tmp_path):
    items = [TrialItem(str(day), "Seen", prose(1), published_at=NOW + timedelta(days=day)) for day in (2, 1, 3)]
    for keep, expected in (("oldest", "1"), ("newest", "3")):
        placed, _ = tried(items, tmp_path / keep, f"duplicates: {{keep: {keep}}}")
        assert {one.canonical for one in placed} == {expected}, keep


def test_nothing_written_is_grouped_with_nothing(tmp_path):
    placed, _ = tried(
        [TrialItem(str(number), "", text) for number, text in enumerate(["", "", "😀🎉", "word"])], tmp_path
    )
    assert sets(placed) == [["0"], ["1"], ["2"], ["3"]]
    assert tried([], tmp_path)[0] == []


def test_a_text_of_five_megabytes_is_read_as_far_as_the_pipeline_reads(tmp_path):
    long = prose(1, sentences=40) + " " + "and so on " * 500_000
    placed, _ = tried([TrialItem("1", "Seen", long), TrialItem("2", "Seen", long + "to the end")], tmp_path)
    assert sets(placed) == [["1", "2"]]
