"""The models of scripts: every language that langdetect knows, and likelihoods that are such."""

from pathlib import Path

import numpy as np
from langdetect.detector_factory import PROFILES_DIRECTORY

from pake_pipelines.text.function_words import function_words
from pake_pipelines.text.language_model import language_model
from pake_pipelines.text.language_profiles import load_profiles
from pake_pipelines.text.scripts import SCRIPTS, characters, code_points, script_weights

_LATIN = SCRIPTS[0]


def test_every_language_that_langdetect_knows_belongs_to_one_script() -> None:
    known = {profile.name.partition("-")[0] for profile in Path(PROFILES_DIRECTORY).iterdir()}
    ours = [language for script in SCRIPTS for language in script.languages]
    assert len(ours) == len(set(ours))
    assert known <= set(ours)


def test_no_character_belongs_to_two_scripts() -> None:
    every = [character for script in SCRIPTS for character in characters(script)]
    assert len(every) == len(set(every))


def test_every_language_with_rivals_has_function_words() -> None:
    worded = {language for languages in function_words().values() for language in languages}
    rivals = {language for script in SCRIPTS if len(script.languages) > 1 for language in script.languages}
    assert rivals - worded == {"ja", "zh"}  # written without blanks, they have no words to look up


def test_a_character_that_is_a_word_weighs_as_several_letters() -> None:
    weights = script_weights(code_points("ab \u7535\u8bdd 12 \U0001f600"))
    assert sorted(weights[weights > 0]) == [2, 6]


def test_after_each_pair_of_letters_the_next_has_a_probability() -> None:
    profiles = load_profiles(_LATIN)
    assert profiles.likelihoods.shape == (len(profiles.grams), len(_LATIN.languages))
    assert np.isfinite(profiles.likelihoods).all()
    assert (profiles.likelihoods < 0).all()
    assert (profiles.unknown <= profiles.likelihoods[[gram != " " and len(gram) == 1 for gram in profiles.grams]]).all()


def test_text_of_its_own_language_is_the_likeliest() -> None:
    likelihoods = language_model(_LATIN).likelihoods(code_points("der ausschuss hat einen bericht ver\u00f6ffentlicht"))
    assert _LATIN.languages[int(likelihoods.sum(axis=0).argmax())] == "de"


def test_what_is_not_of_the_script_only_ends_words() -> None:
    model = language_model(_LATIN)
    plain, strewn = (model.likelihoods(code_points(text)) for text in ("ein wort", "123 ein -- \u4e00 wort 45"))
    assert np.array_equal(plain, strewn)


def test_a_letter_that_no_profile_has_still_counts() -> None:
    assert len(language_model(_LATIN).likelihoods(code_points("\u0259\u0259"))) == 3
