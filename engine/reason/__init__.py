"""Facts → hypotheses. Deterministic, explainable: every weight names the fact that it comes from.

A hypothesis is a cause on a resource and, where there is one, a change. Its log-odds are the cause's prior plus the
weights of what speaks for and against it: what the facts' kind says about the cause (`mechanisms`), where the facts say
that the cause is (`localise`), which change is to blame (`attribution`), and what speaks for no fault at all
(`verdicts`). Facts that say the same thing don't count twice (`claims`); hypotheses compete (`ranking`).
"""

from engine.reason.ranking import Ranking, rank, rank_facts

__all__ = ["Ranking", "rank", "rank_facts"]
