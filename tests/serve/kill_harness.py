"""Sends alerts to a real `cloudops serve`, kills it again and again, and looks whether an acknowledged one is lost.

    python tests/serve/kill_harness.py --rate 500 --seconds 60 --kills 50

Each alert has a fingerprint of its own and one of five services. At the end every alert that was answered with 202 has
to be in the inbox, and there has to be one incident a service. Prints figures, and exits with 1 when something is lost.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from contextlib import closing, suppress
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))

from engine.serve.groups import alert_key  # noqa: E402
from primitives.alert_payloads.registry import alerts_in  # noqa: E402

TOKEN = "a token of enough letters"
SERVICES = 5
CONFIG = """
serve:
  listen: 127.0.0.1:{port}
  webhooks: {{any: {{provider: alertmanager, secret_variables: [ALERTS_TOKEN]}}}}
sources: {{spans: {{kind: otlp_files, path: {folder}/spans}}}}
"""


def say(*words: object) -> None:
    sys.stdout.write(" ".join(map(str, words)) + "\n")


@dataclass
class Figures:
    acknowledged: set[int] = field(default_factory=set)
    refused: int = 0
    failed: int = 0
    kills: int = 0
    slowest_ms: list[float] = field(default_factory=list)
    memory_mib: list[float] = field(default_factory=list)


def document(number: int) -> dict[str, object]:
    labels = {"alertname": f"Alert{number}", "service": f"service-{number % SERVICES}", "severity": "page"}
    alert = {"status": "firing", "labels": labels, "fingerprint": f"a{number}", "startsAt": "2026-03-10T14:44:00Z"}
    return {"receiver": "x", "groupKey": "{}:{}", "alerts": [alert]}


class Served:
    """The service as a process of its own."""

    def __init__(self, folder: Path, port: int) -> None:
        self.folder, self.port = folder, port
        self.process: subprocess.Popen[bytes] | None = None
        self.processor_s = 0.0

    async def start(self) -> None:
        environment = {**os.environ, "ALERTS_TOKEN": TOKEN, "HOME": str(self.folder)}
        command = [sys.executable, "-m", "cockpit", "serve", "--config", str(self.folder / "config.yaml")]
        command += ["--store", str(self.folder / "incidents.db"), "--log-level", "error"]
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(command, cwd=ROOT, env=environment, stderr=log)
        while True:
            with suppress(OSError):
                _, writer = await asyncio.open_connection("127.0.0.1", self.port)
                writer.close()
                return
            assert self.process.poll() is None, (self.folder / "log").read_text()[-2000:]
            await asyncio.sleep(0.02)

    def kill(self, number: int = signal.SIGKILL) -> None:
        assert self.process is not None
        self.processor_s += self._processor()
        self.process.send_signal(number)
        self.process.wait(60)

    def _processor(self) -> float:
        """Seconds of processor time that the process that runs now has used."""
        assert self.process is not None
        with suppress(OSError):
            words = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
            return (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK")
        return 0.0

    def memory(self) -> float:
        assert self.process is not None
        with suppress(OSError):
            status = Path(f"/proc/{self.process.pid}/status").read_text()
            return int(status.partition("VmRSS:")[2].split()[0]) / 1024
        return 0.0


async def send(numbers: asyncio.Queue[int], port: int, figures: Figures) -> None:
    """One connection that sends what is due, and connects again when it breaks."""
    reader: asyncio.StreamReader | None = None
    writer: asyncio.StreamWriter | None = None
    while True:
        number = await numbers.get()
        body = json.dumps(document(number)).encode()
        head = (
            f"POST /webhooks/any HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {TOKEN}\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        began = time.perf_counter()
        try:
            if writer is None or reader is None:
                reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(head.encode() + body)
            answer = await reader.readuntil(b"\r\n\r\n")
            length = int(answer.lower().partition(b"content-length:")[2].split()[0])
            await reader.readexactly(length)
        except (OSError, asyncio.IncompleteReadError):
            figures.failed += 1
            if writer is not None:
                writer.close()
            reader = writer = None
            await asyncio.sleep(0.05)
            continue
        if answer.startswith(b"HTTP/1.1 202"):
            figures.acknowledged.add(number)
            figures.slowest_ms.append((time.perf_counter() - began) * 1000)
        else:
            figures.refused += 1


async def offer(numbers: asyncio.Queue[int], rate: float, until: asyncio.Event) -> int:
    """Put numbers into the queue at `rate` a second."""
    began, number = time.perf_counter(), 0
    while not until.is_set():
        due = int((time.perf_counter() - began) * rate)
        while number < due:
            number += 1
            with suppress(asyncio.QueueFull):
                numbers.put_nowait(number)
        await asyncio.sleep(0.005)
    return number


async def measure(folder: Path, rate: float, seconds: float, kills: int, seed: int) -> Figures:
    draw, figures = random.Random(seed), Figures()
    port = 20_000 + os.getpid() % 20_000
    (folder / "spans").mkdir()
    (folder / "spans" / "traces.jsonl").touch()
    (folder / "config.yaml").write_text(CONFIG.format(port=port, folder=folder))
    served = Served(folder, port)
    await served.start()
    numbers: asyncio.Queue[int] = asyncio.Queue(2_000)
    done = asyncio.Event()
    senders = [asyncio.create_task(send(numbers, port, figures)) for _ in range(32)]
    offering = asyncio.create_task(offer(numbers, rate, done))
    until = time.perf_counter() + seconds
    while time.perf_counter() < until or figures.kills < kills:
        await asyncio.sleep(draw.uniform(0.3, 1.5) if figures.kills < kills else 1.0)
        figures.memory_mib.append(served.memory())
        if figures.kills < kills:
            await asyncio.to_thread(served.kill)
            figures.kills += 1
            await served.start()
    done.set()
    say("offered:", await offering)
    for task in senders:
        task.cancel()
    await asyncio.gather(*senders, return_exceptions=True)
    await settle(folder)
    await asyncio.to_thread(served.kill, signal.SIGTERM)
    say(f"processor seconds: service {served.processor_s:.1f}, sender {time.process_time():.1f}")
    return figures


async def settle(folder: Path) -> None:
    """Wait until nothing waits and every investigation is over, at most two minutes."""
    until = time.monotonic() + 120
    database = f"file:{folder / 'incidents.db.inbox'}?mode=ro"
    while time.monotonic() < until:
        with closing(sqlite3.connect(database, uri=True)) as inbox:
            (waiting,) = inbox.execute("SELECT count(*) FROM deliveries").fetchone()
            (due,) = inbox.execute("SELECT count(*) FROM groups WHERE state != 'investigated'").fetchone()
        if not waiting and not due:
            return
        await asyncio.sleep(0.2)


def verdict(folder: Path, figures: Figures) -> bool:
    with closing(sqlite3.connect(folder / "incidents.db.inbox")) as inbox:
        kept = {row[0] for row in inbox.execute("SELECT key FROM alerts")}
        groups = [json.loads(row[0]) for row in inbox.execute("SELECT document FROM groups")]
    with closing(sqlite3.connect(folder / "incidents.db")) as store:
        (incidents,) = store.execute("SELECT count(*) FROM executions").fetchone()
    lost = [n for n in figures.acknowledged if alert_key("any", alerts_in("alertmanager", document(n))[0]) not in kept]
    times = sorted(figures.slowest_ms)
    say(f"acknowledged {len(figures.acknowledged)}, refused {figures.refused}, broken off {figures.failed}")
    say(f"kills {figures.kills}, lost {len(lost)}, alerts kept {len(kept)}")
    unfinished = [group["id"] for group in groups if group["state"] != "investigated"]
    counted = sum(group["alerts"] for group in groups)
    say(f"groups {len(groups)}, not investigated {len(unfinished)}, counted {counted}, incidents {incidents}")
    median, p99, worst = times[len(times) // 2], times[int(len(times) * 0.99)], times[-1]
    say(f"answered in ms: median {median:.1f}, p99 {p99:.1f}, worst {worst:.0f}")
    shown = figures.memory_mib[:: max(len(figures.memory_mib) // 12, 1)]
    say("memory in MiB:", " ".join(f"{value:.0f}" for value in shown))
    return not lost and not unfinished and len(groups) == incidents == SERVICES


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rate", type=float, default=500)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--kills", type=int, default=0)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="co-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        figures = asyncio.run(measure(folder, given.rate, given.seconds, given.kills, given.seed))
        return 0 if verdict(folder, figures) else 1


if __name__ == "__main__":
    sys.exit(main())
