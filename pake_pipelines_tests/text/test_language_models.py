"""Trained models: entities come through, everything else stays as it is, damage and change are seen."""

import json
import shutil

import pytest

from pake_pipelines.text.linguistics import LanguageModelError, load_pipeline, measure, model_version
from pake_pipelines_tests.language_models import train

TEXT = "# The harbour\n\n(Ada Lane) works for [Acme] . A letter came from (Tom Reed) yesterday . It rained all day !\n"
TEXT = TEXT.translate(str.maketrans("", "", "()[]"))


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    """A model with entities alone."""
    return train(tmp_path_factory.mktemp("ner") / "model")


@pytest.fixture(scope="module")
def tagging_model(tmp_path_factory):
    """A model that tags, too, through a shared layer, as the published ones do."""
    return train(tmp_path_factory.mktemp("tagger") / "model", tagger=True)


@pytest.fixture(params=["model", "tagging_model"])
def trained(request):
    return request.getfixturevalue(request.param)


def test_the_entities_of_a_model_come_through_with_their_labels(trained):
    found = measure(TEXT, load_pipeline(str(trained)))
    assert found.ner == "ok"
    assert found.entities == (("Ada Lane", "PERSON"), ("Acme", "ORG"), ("Tom Reed", "PERSON"))


def test_nothing_but_entities_depends_on_the_model(trained, blank):
    texts = [
        TEXT,
        "",
        "One. Two!\n\n- three\n- four?",
        "No full stop",
        "Mr. Reed of Acme Inc. left. \u201cWhy?\u201d Nobody knew.",
    ]
    for text in texts:
        with_model, without = measure(text, load_pipeline(str(trained))), measure(text, blank)
        for name in ("words", "sentences", "syllables", "flesch", "type_token_ratio", "key_phrases"):
            assert getattr(with_model, name) == getattr(without, name)


def test_what_is_not_needed_for_entities_does_not_run(tagging_model):
    assert load_pipeline(str(tagging_model)).nlp.pipe_names == ["sentencizer", "ner"]


def test_a_model_without_entities_says_that_they_are_unavailable(tmp_path):
    pipeline = load_pipeline(str(train(tmp_path / "model", ner=False)))
    found = measure(TEXT, pipeline)
    assert (pipeline.ner, found.ner, found.entities) == ("unavailable", "unavailable", ())


def test_each_state_of_a_model_has_its_own_version(model, tmp_path, blank):
    other = shutil.copytree(model, tmp_path / "other")
    seen = {model_version("no_such_model_installed"), model_version(str(other))}
    train(other, rounds=2)  # as long, called the same, and other weights
    seen.add(model_version(str(other)))
    meta = json.loads((other / "meta.json").read_text())
    (other / "meta.json").write_text(json.dumps(meta | {"version": "1.0.1"}))
    seen.add(model_version(str(other)))
    assert len(seen) == 4
    assert model_version(str(model)) in load_pipeline(str(model)).version
    assert model_version(str(model)) not in blank.version


def test_the_version_of_a_package_is_that_of_its_release():
    from importlib.metadata import version

    assert model_version("spacy") == f"spacy {version('spacy')}"


def _cut(path):
    path.write_bytes(path.read_bytes()[:500])


@pytest.mark.parametrize(
    "damage",
    [
        lambda model: (model / "meta.json").unlink(),
        lambda model: (model / "meta.json").write_text("{"),
        lambda model: (model / "config.cfg").write_text("[nlp"),
        lambda model: _cut(model / "ner" / "model"),
        lambda model: shutil.rmtree(model / "ner"),
        shutil.rmtree,
    ],
    ids=["no description", "half a description", "half a configuration", "cut weights", "no weights", "no folder"],
)
def test_a_damaged_model_is_an_error_that_names_it_and_never_an_absent_one(damage, model, tmp_path):
    broken = shutil.copytree(model, tmp_path / "broken")
    damage(broken)
    with pytest.raises(LanguageModelError, match="broken"):
        load_pipeline(str(broken))
