"""Verification of the hash chain: whether a stored log was changed, and where.

Each event's hash covers its stored columns and the hash before it: a changed, removed, inserted or moved event shows.
A log that was cut off, or rewritten from some event on with new hashes, shows only against a hash that is kept
elsewhere: the store's anchor (`RowStore.anchor`; beside a SQLite database it is the heads file). Events that were
committed but not yet noted there when the process was killed are confirmed by the chain alone: `AuditResult.anchored`
says how far the anchor reaches.
"""

from __future__ import annotations

from collections.abc import Iterable

import orjson

from engine.events import GENESIS, event_hash
from engine.port import AuditResult
from engine.store.rows import Head, StoredRow

__all__ = ["ChainCheck", "StoredRow", "verify_chain"]


class ChainCheck:
    """Checks the rows of one execution in batches, so that a log of any length fits in memory.

    `head` is the last event that is known outside the database, `index` the last one that the store's own list of
    executions names; None where there is none. `fed` counts the rows; `answers` are the digests of the recorded answers
    that they name, with the first event that does.
    """

    def __init__(self, execution_id: str, head: Head | None = None, index: Head | None = None) -> None:
        self._execution_id = execution_id
        self._head = head
        self.index = index
        self._last = Head(0, GENESIS)
        self.fed = 0
        self.answers: dict[str, int] = {}
        self._broken: tuple[int, str] | None = None

    def feed(self, rows: Iterable[StoredRow]) -> None:
        """Check the next rows, in the store's order."""
        for row in rows:
            self.fed += 1
            if self._broken is None:
                problem = self._problem(row)
                if problem:
                    self._broken = (row.seq if row.seq == self._last.seq + 1 else self._last.seq + 1, problem)
                else:
                    self._last = Head(row.seq, row.hash.decode())
                    self._note_answer(row)

    def damaged(self, problem: str, seq: int | None = None) -> None:
        """Note a problem outside the chain: the next rows can't be read, or what event `seq` names can't."""
        self._broken = self._broken or (seq or self._last.seq + 1, problem)

    def result(self) -> AuditResult:
        """The result, after the last row."""
        seq, problem = self._broken or self._end() or (None, "")
        anchored = min(self._head.seq, self._last.seq) if self._head else 0
        return AuditResult(
            execution_id=self._execution_id,
            events=self.fed,
            ok=not problem,
            anchored=anchored,
            seq=seq,
            problem=problem,
        )

    def _note_answer(self, row: StoredRow) -> None:
        # Only the few events that may name one are worth parsing.
        if b'"answer_recorded"' in row.body:
            try:
                body = orjson.loads(row.body)
                if body["type"] == "answer_recorded":
                    self.answers.setdefault(str(body["digest"]), row.seq)
            except (ValueError, TypeError, KeyError):
                # Its hash fits: whoever wrote it knew how hashes are made, but not what an event is.
                self.damaged(f"event {row.seq} is no event: it was written by something else", row.seq)

    def _problem(self, row: StoredRow) -> str:
        expected = self._last.seq + 1
        if not row.typed or not isinstance(row.seq, int):
            return f"event {expected} was changed: a column is not of its type"
        if row.seq != expected:
            return f"event {expected} is missing: event {row.seq} follows event {expected - 1}"
        if row.previous != self._last.hash.encode():
            return f"event {expected} does not follow event {expected - 1}: one was inserted, removed or moved"
        if row.hash != _hash(self._execution_id, row).encode():
            return f"event {expected} was changed after it was written"
        if self._head and self._head.seq == expected and self._head.hash.encode() != row.hash:
            return f"event {expected} is not the one that was acknowledged: the log was rewritten"
        return ""

    def _end(self) -> tuple[int, str] | None:
        after = self._last.seq + 1
        if self._head and self._head.seq > self._last.seq:
            if not self.fed:
                return after, f"all events are missing: {self._head.seq} were acknowledged"
            return after, f"the log is cut off after event {self._last.seq}: {self._head.seq} were acknowledged"
        if self.index and self.index != self._last:
            return after, f"the log ends at event {self._last.seq}, the store's list says {self.index.seq}"
        return None


def verify_chain(
    execution_id: str, rows: Iterable[StoredRow], head: Head | None = None, index: Head | None = None
) -> AuditResult:
    """Check all rows of one execution; see `ChainCheck`."""
    check = ChainCheck(execution_id, head, index)
    check.feed(rows)
    return check.result()


def _hash(execution_id: str, row: StoredRow) -> str:
    # Bytes that are no UTF-8 were never written by us: with them replaced the hash can't match.
    incident_id, time = row.incident_id.decode(errors="replace"), row.time.decode(errors="replace")
    return event_hash(
        row.previous.decode(errors="replace"), execution_id, incident_id, row.seq, time, row.who, row.body
    )
