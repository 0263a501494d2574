"""Facts → hypotheses. Deterministic, explainable: every weight names the fact that it comes from.

A hypothesis is a cause on a resource and, where there is one, a change. Its log-odds are the cause's prior plus the
weights of the facts for and against it: what kind of trouble it is (`mechanisms`), where it is (`localise`), which
change is to blame (`attribution`), and whether there is a fault at all (`verdicts`). Facts that say the same thing
don't count twice (`claims`). Candidates (`candidates`) then compete (`competition`), and what comes from that is kept
apart from the facts (`adjustments`).
"""

from engine.reason.ranking import Ranking, rank, rank_facts

__all__ = ["Ranking", "rank", "rank_facts"]
