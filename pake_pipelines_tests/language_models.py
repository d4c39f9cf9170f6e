"""Small spaCy models, trained here in a second, so that what runs with a real one is tested with a real one."""

import re

# [Names in brackets] are organisations, (names in parentheses) are people.
SENTENCES = (
    "[Acme] sold a boat to (Ada Lane) .",
    "We met [Acme] in May .",
    "[Globex] and others left .",
    "The report was written by [Globex] today .",
    "(Ada Lane) works for [Acme] .",
    "A letter came from (Tom Reed) yesterday .",
    "(Tom Reed) left [Globex] last year .",
    "Nobody saw (Ada Lane) at the harbour .",
    "The boat of [Acme] is blue .",
    "Prices rose and the market closed early .",
    "They asked (Tom Reed) about the boat .",
    "It rained all day in the harbour .",
)


def _annotated(sentence):
    """Return the text of a sentence and its entities as (start, end, label)."""
    text, entities = "", []
    for piece in re.findall(r"\[[^]]+\]|\([^)]+\)|[^[(]+", sentence):
        label = {"[": "ORG", "(": "PERSON"}.get(piece[0])
        said = piece[1:-1] if label else piece
        if label:
            entities.append((len(text), len(text) + len(said), label))
        text += said
    return text, entities


def train(folder, *, name="tiny", version="1.0.0", ner=True, tagger=False, rounds=30):
    """Train a model and save it to `folder`; return that."""
    import spacy
    from spacy.training import Example
    from spacy.util import fix_random_seed

    fix_random_seed(0)
    nlp = spacy.blank("en")
    nlp.meta["name"], nlp.meta["version"] = name, version
    if tagger:
        nlp.add_pipe("tok2vec")
        listener = {"@architectures": "spacy.Tok2VecListener.v1", "width": 96}
        nlp.add_pipe("tagger", config={"model": {"@architectures": "spacy.Tagger.v2", "tok2vec": listener}})
    if ner:
        nlp.add_pipe("ner")
    examples = []
    for text, entities in map(_annotated, SENTENCES):
        doc = nlp.make_doc(text)
        examples.append(
            Example.from_dict(doc, {"entities": entities, "tags": ["X" if t.is_alpha else "P" for t in doc]})
        )
    if nlp.pipe_names:
        optimizer = nlp.initialize(lambda: examples)
        for _ in range(rounds):
            nlp.update(examples, sgd=optimizer)
    nlp.to_disk(folder)
    return folder
