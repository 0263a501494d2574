"""From facts to ranked hypotheses. Deterministic and explainable: every weight names the fact that it comes from.

A hypothesis is a cause on a resource and, where there is one, a change. Its log-odds are the cause's prior plus the
weights of the facts for and against it: which kind of fault it is (`mechanisms`), where it is (`localise`), which
change is to blame (`attribution`), and whether there is a fault at all (`no_fault_verdicts`). Facts that say the same
thing don't count twice (`claims`). Candidates (`candidates`) then compete (`competition`); what this adds or takes is
kept apart from the facts (`adjustments`). `ranking` puts the parts together.
"""

from engine.reason.ranking import Ranking, rank, rank_facts

__all__ = ["Ranking", "rank", "rank_facts"]
