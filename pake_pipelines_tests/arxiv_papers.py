"""Papers that were never written: deterministic, dated as asked, with abstracts that read like abstracts."""

import random
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta


@dataclass(frozen=True)
class Version:
    """One version of a paper, as submitted at `at` (aware)."""

    at: datetime
    title: str
    abstract: str


@dataclass(frozen=True)
class Paper:
    """A paper with its versions, the first one first."""

    identifier: str
    versions: tuple[Version, ...]
    authors: tuple[str, ...] = ("Ada Example",)
    categories: tuple[str, ...] = ("cs.AI",)
    extras: dict[str, str] = field(default_factory=dict)

    @property
    def first(self):
        return self.versions[0]

    @property
    def latest(self):
        return self.versions[-1]


def papers_of(day: date, count: int, seed: int = 1) -> list[Paper]:
    """Return `count` papers submitted on `day` (UTC); the same day and seed always give the same papers."""
    choose = random.Random(f"{seed} {day}")
    seconds = sorted(choose.sample(range(86_400), count))
    midnight = datetime.combine(day, time(), UTC)
    return [_paper(choose, day, number, midnight + timedelta(seconds=at)) for number, at in enumerate(seconds, 1)]


def _paper(choose: random.Random, day: date, number: int, at: datetime) -> Paper:
    area, categories, object_, goal = choose.choice(_AREAS)
    method, idea = choose.choice(_METHODS)
    # five digits as arXiv numbers a month, every day with a block of its own
    identifier = f"{day:%y%m}.{day.day * 3000 + number:05d}"
    words = {"area": area, "object": object_, "goal": goal, "method": method, "idea": idea}
    version = Version(at, choose.choice(_TITLES).format_map(words | _numbers(choose)), _abstract(choose, words))
    authors = tuple(f"{choose.choice(_GIVEN)} {choose.choice(_FAMILY)}" for _ in range(choose.randint(1, 6)))
    extras = {"comment": f"{choose.randint(8, 32)} pages, {choose.randint(2, 11)} figures"}
    return Paper(identifier, (version,), authors, categories, extras)


def _abstract(choose: random.Random, words: dict[str, str]) -> str:
    """Return nine to eleven sentences, more than 150 words: one from each part of an abstract, some from its middle."""
    middle = choose.sample(_DETAILS, choose.choice([3, 4, 5]))
    chosen = [
        choose.choice(_OPENINGS),
        choose.choice(_GAPS),
        choose.choice(_PROPOSALS),
        *middle,
        choose.choice(_RESULTS),
        choose.choice(_ANALYSES),
        choose.choice(_CLOSINGS),
    ]
    return " ".join(sentence.format_map(words | _numbers(choose)) for sentence in chosen)


def _numbers(choose: random.Random) -> dict[str, str]:
    datasets = choose.sample(_DATASETS, 2)
    return {
        "n": str(choose.randint(3, 48)),
        "percent": f"{choose.uniform(1.1, 34.9):.1f}",
        "score": f"{choose.uniform(0.41, 0.97):.2f}",
        "thousands": f"{choose.randint(2, 980)},000",
        "dataset": datasets[0],
        "other": datasets[1],
        "baseline": choose.choice(_BASELINES),
        "cost": choose.choice(_COSTS),
        "risk": choose.choice(_RISKS),
    }


_AREAS = [
    ("protein folding", ("q-bio.BM", "cs.LG"), "amino acid sequences", "predict stable conformations"),
    ("traffic forecasting", ("cs.LG", "cs.AI"), "loop detector readings", "anticipate congestion an hour ahead"),
    (
        "legal question answering",
        ("cs.CL", "cs.AI"),
        "statutes and court opinions",
        "cite the passage that decides a case",
    ),
    ("crop disease detection", ("cs.CV", "cs.LG"), "leaf photographs", "recognise an infection before it spreads"),
    ("robot grasping", ("cs.RO", "cs.AI"), "cluttered bins of parts", "pick unseen tools without damage"),
    ("speech recognition", ("eess.AS", "cs.CL"), "noisy telephone recordings", "transcribe regional accents"),
    ("weather emulation", ("physics.ao-ph", "cs.LG"), "reanalysis fields", "extend useful forecasts by a day"),
    ("program repair", ("cs.SE", "cs.LG"), "failing unit tests", "propose patches that maintainers accept"),
    ("medical imaging", ("eess.IV", "cs.CV"), "chest radiographs", "rank urgent studies first"),
    ("recommendation", ("cs.IR", "cs.LG"), "sparse click logs", "suggest items that readers finish"),
    ("theorem proving", ("cs.LO", "cs.AI"), "formal libraries of mathematics", "close subgoals without human hints"),
    ("fraud detection", ("cs.CR", "cs.LG"), "payment graphs", "flag rings of stolen cards"),
    ("autonomous driving", ("cs.RO", "cs.CV"), "lidar sweeps", "track occluded pedestrians"),
    ("machine translation", ("cs.CL", "cs.AI"), "parallel corpora of small languages", "keep idioms intact"),
    ("power grid control", ("eess.SY", "cs.AI"), "substation telemetry", "restore voltage after a line fails"),
    ("drug discovery", ("q-bio.QM", "cs.LG"), "assays of small molecules", "rank candidates for synthesis"),
    ("music generation", ("cs.SD", "cs.LG"), "annotated scores", "continue a melody in its own style"),
    ("education", ("cs.CY", "cs.AI"), "answers to exercises", "tell a slip from a misconception"),
    ("satellite mapping", ("cs.CV", "eess.IV"), "multispectral tiles", "outline buildings after a flood"),
    ("game playing", ("cs.AI", "cs.GT"), "records of imperfect-information games", "bluff no more than is rational"),
    ("database tuning", ("cs.DB", "cs.LG"), "query plans", "choose indexes under a memory budget"),
    ("seismology", ("physics.geo-ph", "cs.LG"), "continuous waveforms", "separate quakes from quarry blasts"),
    ("fact checking", ("cs.CL", "cs.IR"), "claims and their sources", "retrieve evidence that contradicts a claim"),
    ("particle physics", ("hep-ex", "cs.LG"), "calorimeter showers", "simulate events at a fraction of the time"),
    ("warehouse logistics", ("cs.MA", "cs.RO"), "orders of a fulfilment centre", "route carts without deadlock"),
    ("privacy auditing", ("cs.CR", "cs.AI"), "released model weights", "bound what an attacker can extract"),
]

_METHODS = [
    ("sparse attention", "spends computation only where tokens disagree"),
    ("contrastive pre-training", "pulls paired views together and pushes strangers apart"),
    ("a Bayesian ensemble", "keeps several hypotheses alive until data decides among them"),
    ("graph message passing", "lets neighbouring nodes exchange summaries of what they know"),
    ("diffusion sampling", "turns noise into structure in a few guided steps"),
    ("retrieval augmentation", "looks facts up instead of memorising them"),
    ("offline reinforcement learning", "improves a policy from logs that nobody collected for it"),
    ("knowledge distillation", "teaches a small network to imitate the mistakes of a large one"),
    ("neural operators", "maps functions to functions and ignores the grid"),
    ("curriculum learning", "orders examples from the plain to the puzzling"),
    ("causal discovery", "asks which variables would still move if others were held fixed"),
    ("federated optimisation", "leaves the data where it was measured and moves gradients instead"),
    ("mixture-of-experts routing", "sends each example to the specialists that it needs"),
    ("conformal prediction", "attaches to every output a set that provably covers the truth"),
    ("symbolic regression", "searches for a formula short enough to be understood"),
    ("test-time adaptation", "adjusts a deployed model to the stream it meets"),
    ("active learning", "asks people only about the examples that would change its mind"),
    ("low-rank fine-tuning", "changes a handful of directions and freezes everything else"),
    ("state space models", "carries a compressed past along a sequence of any length"),
    ("program synthesis", "writes a small program and checks it before believing it"),
]

_DATASETS = [
    "OpenHarbor", "MeadowBench", "a held-out year of field data", "the Lisbon corpus", "QuietRoads", "TriageNet",
    "a public leaderboard", "PatchWorld", "the Alder collection", "a simulator calibrated on real logs", "FloodTiles",
    "twelve languages of NorthernText", "an industrial partner's archive", "StepwiseMath", "CourtRecords-2K",
    "a crowdsourced challenge set", "the winter season of GridTrace", "BinPick-Hard",
]  # fmt: skip
_BASELINES = [
    "a tuned gradient-boosted tree", "the strongest published transformer", "a rule-based system in daily use",
    "a convolutional network of equal size", "the winner of last year's competition", "nearest-neighbour search",
    "a linear probe on frozen features", "an ensemble five times as expensive", "human annotators working alone",
]  # fmt: skip
_COSTS = [
    "a single commodity GPU", "less than four hours of training", "a laptop without an accelerator",
    "one tenth of the usual labels", "two passes over the data", "no additional memory at inference",
]  # fmt: skip
_RISKS = [
    "rare classes", "sudden changes of the distribution", "sensors that fail silently", "labels copied between years",
    "adversarial rewording", "long inputs", "missing measurements", "users who behave strategically",
]  # fmt: skip
_TITLES = [
    "Rethinking {area} with {method}",
    "How far does {method} carry {area}? Evidence from {dataset}",
    "Learning to {goal}: {method} for {area}",
    "{area}: what {object} reveal when a model {idea}",
    "Towards reliable {area} under {risk}",
    "A study of {method} for {object}",
    "When baselines win: {method} and the limits of {area}",
    "Fast and frugal {area} on {cost}",
]
_OPENINGS = [
    "Progress in {area} depends on models that {goal}, yet the {object} available in practice are scarce and uneven.",
    "Systems for {area} are increasingly asked to {goal}, often from {object} that nobody prepared for learning.",
    "The ability to {goal} would change how {area} is done, but {object} rarely arrive clean or complete.",
    "Over the last decade {area} has moved from hand-written rules to models trained on {object}.",
    "Practitioners of {area} collect ever more {object}, while the question of what to learn from them stays open.",
    "Whether a machine can {goal} is a long-standing question in {area} that large collections of {object} reopen.",
]
_GAPS = [
    "Existing approaches treat every example alike and therefore degrade quietly in the presence of {risk}.",
    "Most published results rest on a single benchmark, and we show that its ranking does not survive {risk}.",
    "What is missing is a method that stays accurate under {risk} and can still be trained on {cost}.",
    "Despite this attention, little is known about how such models behave once they meet {risk}.",
    "Current practice is to scale up and hope, although {risk} are known to defeat even {baseline}.",
]
_PROPOSALS = [
    "We introduce an approach built on {method}, which {idea}, and we adapt it to the structure of {object}.",
    "This paper brings {method} to the problem: the resulting model {idea} and needs {cost}.",
    "We argue that {method} fits the task unusually well because it {idea}.",
    "Our starting point is {method}; it {idea}, a property that {object} reward in ways we make precise.",
    "To this end we revisit {method} and derive a variant that {idea} without any tuning per dataset.",
]
_DETAILS = [
    "The objective combines a likelihood term with a penalty that discourages confident errors on {risk}.",
    "A short calibration phase of {n} steps replaces the grid search that earlier work required.",
    "We prove that the estimator is consistent when at least {n} independent sources contribute observations.",
    "Because gradients flow through {n} layers only, the procedure runs on {cost}.",
    "An auxiliary head predicts which inputs will be misjudged, and it is right in {percent} percent of cases.",
    "We collect and release {thousands} annotated examples, each checked by two people independently.",
    "Unlike {baseline}, the method needs no access to the test distribution and no synthetic negatives.",
    "Its memory footprint grows with the number of distinct patterns rather than with the length of the record.",
    "A theoretical analysis links the error on {dataset} to a quantity that can be measured before training starts.",
    "The implementation consists of fewer than {n} hundred lines and depends on a standard tensor library only.",
    "We separate the influence of data from that of architecture by retraining {baseline} on exactly the same inputs.",
    "Uncertain cases are deferred to a person, and we measure how much of that person's time is actually saved.",
    "Ordering the {object} by difficulty matters more than their number, an effect we trace to early memorisation.",
    "At inference a cheap filter discards {percent} percent of candidates before the expensive model is consulted.",
]
_RESULTS = [
    "On {dataset} and {other} it improves over {baseline} by {percent} percent while using {cost}.",
    "Experiments on {dataset} show an accuracy of {score}, compared with clearly lower figures for {baseline}.",
    "Across {n} tasks drawn from {dataset} and {other}, it wins on all but two, and loses there by a small margin.",
    "In a blind comparison with {baseline}, domain experts preferred its output in {percent} percent more cases.",
    "It reaches a correlation of {score} with expert judgement on {dataset}, and transfers to {other} unchanged.",
]
_ANALYSES = [
    "Ablations indicate that most of the gain comes from the training signal and not from the size of the network.",
    "A closer look at the failures reveals {risk} as the dominant cause, followed by plain annotation mistakes.",
    "Removing any one component costs at most {percent} percent, which suggests that the parts support each other.",
    "Surprisingly, the advantage grows when three quarters of the {object} are withheld.",
    "We also report negative results: neither longer training nor a larger batch changed the picture on {other}.",
]
_CLOSINGS = [
    "We discuss what these findings imply for {area} and release code, weights and the full log of experiments.",
    "The limits of the study are stated plainly: it covers {n} sites, one season, and no deployment with real users.",
    "We conclude that models which {goal} are within reach, provided that evaluation takes {risk} seriously.",
    "Together the results suggest a simpler recipe for {area} than the one that is commonly followed today.",
    "Open questions remain about fairness and upkeep, and we outline a protocol by which both can be examined.",
]
_GIVEN = [
    "Amina", "Bruno", "Chiara", "Dmitri", "Elif", "Farid", "Greta", "Hiro", "Ines", "Jonas", "Kavita", "Liang", "Mona",
    "Noah", "Olga", "Pavel", "Rosa", "Sven", "Tariq", "Yara",
]  # fmt: skip
_FAMILY = [
    "Abara", "Bergström", "Castellano", "Dvořák", "Eriksen", "Fontaine", "Gupta", "Hashimoto", "Ibrahim", "Jansen",
    "Kowalski", "Lindqvist", "Moreau", "Nakamura", "Okafor", "Petrov", "Quintero", "Rossi", "Schäfer", "Tanaka",
]  # fmt: skip
