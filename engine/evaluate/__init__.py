"""Scores the reasoner on recorded incidents with a known answer (schema cloudops-evaluation/1).

Only this package reads `truth.yaml`. `cases` compares one report with the known answer, `figures` computes the
averages, `result` is the whole evaluation; `running` and `workers` investigate the bundles. `fitting` fits the
reasoner's weights, and `leaving_out` scores a system under weights that were fitted without it.
"""

from __future__ import annotations

from engine.evaluate.cases import Case, Named, agrees, score
from engine.evaluate.comparison import Comparison, compare
from engine.evaluate.earlier import Earlier, read_earlier
from engine.evaluate.figures import Scores
from engine.evaluate.leaving_out import evaluate_left_out
from engine.evaluate.result import Confused, Evaluation, evaluate
from engine.evaluate.running import bundles_below, evaluate_bundles

__all__ = [
    "Case",
    "Comparison",
    "Confused",
    "Earlier",
    "Evaluation",
    "Named",
    "Scores",
    "agrees",
    "bundles_below",
    "compare",
    "evaluate",
    "evaluate_bundles",
    "evaluate_left_out",
    "read_earlier",
    "score",
]
