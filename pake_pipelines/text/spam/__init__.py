"""Spam: how much a text looks like it, with the evidence.

A score is a sum of named points that anybody can check: phrases of the configuration by theme, signals that are
measured on the whole text, and what speaks against. Nothing here has learned weights of its own.
"""

from pake_pipelines.text.spam.score import score_spam

__all__ = ["score_spam"]
