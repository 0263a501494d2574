"""Collected outputs may be cut, garbled or of no known form: reading them never fails."""

from __future__ import annotations

import random
from typing import Any

from cases.collected_outputs import CASES, NOW
from cases.further_outputs import FURTHER

from primitives.outputs.objects import Shown, dumps_in, split_objects
from primitives.outputs.platform_states import platform_states
from primitives.outputs.readings import readings
from primitives.outputs.signs import signs
from primitives.outputs.structures import said_in
from primitives.outputs.texts import outputs
from primitives.records import Observation

_INSERTED = ("", "\n", "  ", ":", "|", "0/0", "999999999999999d", "{}", "null", "\x00", "[", "%", "-+-")


def _texts() -> list[str]:
    data = [data for case in (*CASES, *FURTHER) for _, data in case.observations]
    stated = [entry["output"] if isinstance(entry, dict) else entry for entry in data]
    return [text if isinstance(text, str) else "\n".join(text) for text in stated]


def _garbled(text: str, chance: random.Random) -> str:
    for _ in range(chance.randint(1, 6)):
        start = chance.randrange(len(text) + 1)
        end = min(len(text), start + chance.randint(0, 30))
        text = text[:start] + chance.choice((*_INSERTED, text[end : end + 20])) + text[end:]
    return text


def _read(data: Any, resource: str) -> None:
    shown: list[Shown] = []
    for output in outputs(Observation(time=NOW, resource=resource, kind="command_output", data=data)):
        objects, rest = split_objects(output)
        shown += objects
        _, rest = readings(output, rest)
        _, rest = platform_states(output, rest, NOW)
        list(signs(output, rest, NOW))
        list(said_in(output.structure, resource, {}, NOW))
    dumps_in(shown, set())


def test_garbled_outputs_are_read() -> None:
    chance = random.Random(20)
    texts = _texts()
    for _ in range(1500):
        text = _garbled(chance.choice(texts), chance)
        data = chance.choice((text, {"output": text}, [text], {"part": {"message": text}}, None, 5))
        _read(data, chance.choice(("gauge", "parks/deployment/mapper", "", "//")))
