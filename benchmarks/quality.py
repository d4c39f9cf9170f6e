"""Judging: documents a second and core, a stored knowledge base judged anew, and the spam score beside the guide's.

    make bench NAME=quality ARGS="--rows 10000,100000"

`documents_per_second_per_core` covers rules, spam, language, confidence and verdict of texts of 300 words, without
links and named entities; what measuring words and sentences adds is printed beside it, and so is langdetect on the full
text. `rescore_rows_per_second` is the slowest change of rules that reads no text (weights, limits), over the largest
size; a change of spam phrases, which reads every text, is printed beside it.
"""

import argparse
import sys
from dataclasses import asdict

from benchmarks.quality_rescore import Rescored, rescore
from benchmarks.quality_spam import figures as spam_figures
from benchmarks.quality_speed import speed
from benchmarks.report import Report, publish


def main() -> None:
    """Measure and print."""
    asked = arguments()
    rates = speed(asked.documents, asked.rounds)
    found = {rows: rescore(rows) for rows in sorted(map(int, asked.rows.split(",")))}
    spam = spam_figures()
    small, large = found[min(found)], found[max(found)]
    publish(
        Report(
            "quality",
            {
                "documents_per_second_per_core": rates["judging"],
                "documents_per_second_with_measures": rates["judging_and_measuring"],
                "rescore_rows_per_second": min(large[name].rows_per_second for name in ("weights", "min_length")),
                "rescore_rows_per_second_new_phrase": large["phrase"].rows_per_second,
                "rescore_memory_ratio": _peak(large) / _peak(small),
                **spam,
            },
            {"langdetect_full_text_per_second": rates["langdetect_full_text"]},
            {
                "language_per_second": rates["language"],
                "spam_and_patterns_per_second": rates["spam_and_patterns"],
                **{
                    f"rescore {rows:,} {name}": {**asdict(one)["seconds"], "changed": one.changed, "mb": one.peak_mb}
                    for rows, changes in found.items()
                    for name, one in changes.items()
                },
            },
        )
    )


def _peak(changes: dict[str, Rescored]) -> float:
    return max(one.peak_mb for name, one in changes.items() if name != "first")


def arguments() -> argparse.Namespace:
    """Return what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--documents", type=int, default=1_000, help="texts judged in each round")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--rows", default="10000,100000", help="sizes of the knowledge base that is judged anew")
    return parser.parse_args(sys.argv[1:])


if __name__ == "__main__":
    main()
