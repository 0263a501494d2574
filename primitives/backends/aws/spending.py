"""What the paid calls cost: counted, said, and bounded.

Prices in US dollars of us-east-1, which other regions exceed by up to a half: https://aws.amazon.com/cloudwatch/pricing
(GetMetricData 0.01 for 1,000 metrics; Logs Insights 0.005 for a GB scanned).
"""

from __future__ import annotations

from typing import Final

from primitives.dataclass import dataclass

__all__ = ["BYTE_USD", "Spending"]

_METRIC_USD: Final = 0.01 / 1_000
BYTE_USD: Final = 0.005 / 1e9


@dataclass(slots=True)
class Spending:
    """What was spent of `budget_usd`, by the number of metrics and of bytes."""

    budget_usd: float
    metrics: int = 0
    scanned_bytes: float = 0.0

    @property
    def usd(self) -> float:
        """What was spent by now, as far as it is known."""
        return self.metrics * _METRIC_USD + self.scanned_bytes * BYTE_USD

    def metrics_left(self, most_usd: float | None = None) -> int:
        """How many more metrics may be read, of those of one question that may cost `most_usd`."""
        return int(self._left(most_usd) / _METRIC_USD + 1e-6)

    def bytes_left(self, most_usd: float | None = None) -> float:
        """How many more bytes may be scanned."""
        return self._left(most_usd) / BYTE_USD

    def _left(self, most_usd: float | None) -> float:
        left = self.budget_usd - self.usd
        return max(min(left, most_usd) if most_usd is not None else left, 0.0)

    def __str__(self) -> str:
        scanned = f" and {self.scanned_bytes / 1e6:,.0f} MB of logs" if self.scanned_bytes else ""
        return f"paid calls: {self.metrics:,} metrics{scanned}, about {self.usd:.2f} of {self.budget_usd:.2f} USD"
