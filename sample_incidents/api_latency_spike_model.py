"""The queueing behind the sample incident `api-latency-spike`: a discrete-event simulation.

Poisson arrivals at a load balancer, pods with one core and a connection pool each, a database with a fixed number of
cores and a limit on connections, a search service, and a deadline for each request. The only thing that changes during
a run is the version of the code that the pods execute. It asks for more queries and holds its connection for longer;
latency, connections and errors follow from that.
"""

from __future__ import annotations

import heapq
import math
from array import array
from collections import deque
from collections.abc import Callable, Generator, Iterable
from dataclasses import dataclass, field
from itertools import chain, count

import numpy as np

ARRIVALS_PER_S = 62.0
FIRST_POD_READY_S = 290.0
"""Pull of the image, start and warm-up of the first new pod, after the deployment."""
NEXT_POD_READY_S = 12.0
BOOT_S = 20.0
"""A pod opens its idle connections this long before it is ready."""
DRAIN_S = 10.0

POOL_MAX = 15
POOL_IDLE_MIN = 4
POOL_WAIT_MAX_S = 0.25
IDLE_CONNECTION_MAX_S = 60.0
CONNECT_S = 0.012
DATABASE_CORES = 8
CONNECTION_LIMIT = 100
OTHER_SESSIONS = 5
"""Sessions of exporter, backup and a worker, which are always there."""

QUERY_CPU_S = 0.004
QUERY_READ_S = (0.026, 0.048)
"""Least and greatest time that a query waits for storage."""
PARSE_CPU_S = 0.004
RENDER_CPU_S = 0.010
ROW_CPU_S = 0.0008
"""Core time of a pod for each query's result."""
SEARCH_MEDIAN_S = 0.025
SEARCH_SIGMA = 0.35
SEARCH_ERROR_RATIO = 0.001
ORDERS_ON_A_PAGE = (10, 34)
DEADLINE_S = 2.0
BACKGROUND_ERROR_RATIO = 0.0048
"""Requests that fail for reasons of their own (bad input data), before as after."""
TRACE_EVERY = 5000

FIXED_STATEMENTS = {
    "v2.3.0": ("SELECT accounts", "SELECT orders", "SELECT order_items WHERE order_id IN (...)"),
    "v2.3.1": ("SELECT accounts", "SELECT orders"),
}
STATEMENT_PER_ORDER = "SELECT order_items WHERE order_id = ?"


@dataclass(frozen=True)
class Version:
    """What a version of api-service does to the database for one request."""

    name: str
    items_per_order: bool
    """Loads the items of each order on the page with a query of its own (N+1) while it renders."""
    replica_set: str


OLD = Version("v2.3.0", items_per_order=False, replica_set="api-service-6d8f7c9b54")
NEW = Version("v2.3.1", items_per_order=True, replica_set="api-service-7b5c4d8f69")
OLD_SUFFIXES = ("2kxwq", "7zr9m", "b4tgl", "hn8vd", "qp6cs", "xj5wf")
NEW_SUFFIXES = ("4mkzt", "8vqpx", "c9hdr", "gw2ln", "r7bsj", "z5tfk")


class Draws:
    """Random numbers from uniform ones alone, whose stream numpy promises to keep."""

    def __init__(self, seed: int) -> None:
        generator = np.random.Generator(np.random.PCG64(seed))
        blocks = (generator.random(65536).tolist() for _ in count())
        self.uniform: Callable[[], float] = chain.from_iterable(blocks).__next__
        """In [0, 1). Millions are drawn, so it goes from block to block without a frame of Python."""

    def exponential(self, mean: float) -> float:
        return -mean * math.log(1.0 - self.uniform())

    def between(self, low: float, high: float) -> float:
        return low + (high - low) * self.uniform()

    def log_normal(self, median: float, sigma: float) -> float:
        """Box-Muller."""
        radius = math.sqrt(-2.0 * math.log(1.0 - self.uniform()))
        return median * math.exp(sigma * radius * math.cos(2.0 * math.pi * self.uniform()))


class Cores:
    """Servers with one first-come-first-served queue; must be asked in order of time."""

    def __init__(self, count: int) -> None:
        self._free_at = [0.0] * count
        self.started = array("d")
        self.busy = array("d")

    def work(self, now: float, duration: float) -> float:
        """When work that arrives `now` is done."""
        start = max(now, self._free_at[0])
        done = start + duration
        heapq.heapreplace(self._free_at, done)
        self.started.append(start)
        self.busy.append(duration)
        return done


@dataclass
class Database:
    """Cores, and connections up to a limit."""

    cores: Cores = field(default_factory=lambda: Cores(DATABASE_CORES))
    connections: int = OTHER_SESSIONS
    finished: array[float] = field(default_factory=lambda: array("d"))
    durations: array[float] = field(default_factory=lambda: array("d"))

    def query(self, now: float, draws: Draws) -> float:
        """When the answer to a query that arrives `now` is there: core time, then storage."""
        read_s = QUERY_READ_S[0] + (QUERY_READ_S[1] - QUERY_READ_S[0]) * draws.uniform()
        done = self.cores.work(now, -QUERY_CPU_S * math.log(1.0 - draws.uniform())) + read_s
        self.finished.append(done)
        self.durations.append(done - now)
        return done


class Pool:
    """A pod's connections: opened on demand, last in first out, closed when idle for long."""

    def __init__(self, simulation: Simulation) -> None:
        self._simulation = simulation
        self._idle_since: list[float] = []
        self._waiting: deque[Process] = deque()
        self.open = 0

    @property
    def state(self) -> str:
        """In the words of the pool's own message."""
        idle = len(self._idle_since)
        return f"total={self.open}, active={self.open - idle}, idle={idle}, waiting={len(self._waiting)}"

    def fill(self) -> None:
        """Open the least number of connections."""
        while self.open < POOL_IDLE_MIN and self._connect():
            self._idle_since.append(self._simulation.now)

    def _connect(self) -> bool:
        database = self._simulation.database
        if self.open >= POOL_MAX or database.connections >= CONNECTION_LIMIT:
            return False
        self.open += 1
        database.connections += 1
        return True

    def take(self) -> float | None:
        """When a connection is ready, or None if all are taken."""
        if self._idle_since:
            self._idle_since.pop()
            return self._simulation.now
        return self._simulation.now + CONNECT_S if self._connect() else None

    def wait(self, process: Process) -> None:
        """Park `process`; it goes on with True when it has a connection, with False after the longest wait."""
        self._waiting.append(process)
        self._simulation.at(self._simulation.now, self._expire(process))

    def _expire(self, process: Process) -> Process:
        yield self._simulation.now + POOL_WAIT_MAX_S
        if process in self._waiting:
            self._waiting.remove(process)
            self._simulation.at(self._simulation.now, process, False)

    def release(self) -> None:
        """Hand the connection to whoever waited for longest, or keep it idle."""
        if self._waiting:
            self._simulation.at(self._simulation.now, self._waiting.popleft(), True)
        else:
            self._idle_since.append(self._simulation.now)

    def close_idle(self, keep: int, idle_for_s: float) -> None:
        """Close connections unused for `idle_for_s`, but keep `keep` open."""
        while self._idle_since and self.open > keep and self._simulation.now - self._idle_since[0] >= idle_for_s:
            self._idle_since.pop(0)
            self.open -= 1
            self._simulation.database.connections -= 1


Process = Generator[float | Pool, bool | None, None]
"""Yields the time at which it goes on, or the pool for a connection of which it waits."""


class Pod:
    """One instance of api-service."""

    def __init__(self, simulation: Simulation, version: Version, suffix: str) -> None:
        self.name = f"{version.replica_set}-{suffix}"
        self.version = version
        self.cores = Cores(1)
        self.pool = Pool(simulation)
        self.started_at = math.inf
        self.stopped_at = math.inf

    def live(self, simulation: Simulation) -> Process:
        """From start until it is stopped and drained."""
        self.started_at = simulation.now
        self.pool.fill()
        while simulation.now < self.stopped_at:
            yield simulation.now + DRAIN_S
            self.pool.close_idle(POOL_IDLE_MIN, IDLE_CONNECTION_MAX_S)
        while self.pool.open:
            self.pool.close_idle(0, 0.0)
            yield simulation.now + 1.0


@dataclass(slots=True)
class Request:
    """What became of one request. Times are seconds since the simulation's start."""

    number: int
    pod: Pod
    arrived: float
    finished: float = math.nan
    status: int = 200
    queries: int = 0
    pool_wait_s: float = 0.0
    pool_state: str = ""
    search: tuple[float, float, bool] | None = None
    """Start, end, whether it succeeded."""
    statements: list[tuple[str, float, float]] | None = None
    """Statement, start, end; for traced requests only."""

    @property
    def duration_s(self) -> float:
        return self.finished - self.arrived


class Simulation:
    """The clock, the parts, and the requests that were answered."""

    def __init__(self, seed: int, duration_s: float, deployed_s: float) -> None:
        self.now = 0.0
        self.duration_s = duration_s
        self.draws = Draws(seed)
        self.database = Database()
        self.requests: list[Request] = []
        self.connections: list[tuple[float, int]] = []
        self.pods: list[Pod] = []
        self._ready: list[Pod] = []
        self._agenda: list[tuple[float, int, Process, bool | None]] = []
        self._sequence = 0
        for process in (self._deploy(deployed_s), self._arrive(), self._count_connections()):
            self.at(0.0, process)

    def at(self, when: float, process: Process, answer: bool | None = None) -> None:
        """Let `process` go on at `when`; equal times in the order of asking."""
        self._sequence += 1
        heapq.heappush(self._agenda, (when, self._sequence, process, answer))

    def run(self) -> None:
        """Simulate to the end."""
        agenda, now = self._agenda, 0.0
        while now < self.duration_s:
            now, _, process, answer = heapq.heappop(agenda)
            self.now = now
            try:
                step = process.send(answer)
            except StopIteration:
                continue
            if isinstance(step, float):
                self._sequence += 1
                heapq.heappush(agenda, (step, self._sequence, process, None))
            else:
                step.wait(process)

    def _start(self, version: Version, suffix: str) -> Pod:
        pod = Pod(self, version, suffix)
        self.pods.append(pod)
        self.at(self.now, pod.live(self))
        return pod

    def _deploy(self, deployed_s: float) -> Process:
        """Old pods from the start; after the deployment each new pod that is ready replaces an old one."""
        old = [self._start(OLD, suffix) for suffix in OLD_SUFFIXES]
        self._ready.extend(old)
        for position, suffix in enumerate(NEW_SUFFIXES):
            ready_at = deployed_s + FIRST_POD_READY_S + position * NEXT_POD_READY_S
            yield ready_at - BOOT_S if position == 0 else self.now
            pod = self._start(NEW, suffix)
            yield ready_at
            self._ready[position] = pod
            old[position].stopped_at = self.now

    def _arrive(self) -> Process:
        number = 0
        while True:
            yield self.now + self.draws.exponential(1.0 / ARRIVALS_PER_S)
            number += 1
            self.at(self.now, self._serve(number, self._ready[int(self.draws.uniform() * len(self._ready))]))

    def _count_connections(self) -> Process:
        while True:
            self.connections.append((self.now, self.database.connections))
            yield self.now + 1.0

    def _serve(self, number: int, pod: Pod) -> Process:
        """One request on one pod, from its arrival to its answer."""
        request = Request(number, pod, self.now, statements=[] if number % TRACE_EVERY == 0 else None)
        if self.draws.uniform() < BACKGROUND_ERROR_RATIO:
            request.status = 500
        yield pod.cores.work(self.now, self.draws.exponential(PARSE_CPU_S))
        yield from self._connect(request)
        if request.status == 503:
            self._answer(request)
            return
        yield from self._query(request, FIXED_STATEMENTS[pod.version.name])
        if not pod.version.items_per_order:
            pod.pool.release()
        yield self._search(request)
        if pod.version.items_per_order:
            orders = int(self.draws.between(ORDERS_ON_A_PAGE[0], ORDERS_ON_A_PAGE[1] + 1))
            yield from self._query(request, (STATEMENT_PER_ORDER,) * orders)
        if request.status != 504:
            yield pod.cores.work(self.now, self.draws.exponential(RENDER_CPU_S) + request.queries * ROW_CPU_S)
        if pod.version.items_per_order:
            pod.pool.release()
        self._answer(request)

    def _connect(self, request: Request) -> Process:
        asked = self.now
        pool = request.pod.pool
        ready_at = pool.take()
        if ready_at is not None:
            yield ready_at
        elif not (yield pool):
            request.status = 503
            request.pool_state = pool.state
        request.pool_wait_s = self.now - asked

    def _query(self, request: Request, statements: Iterable[str]) -> Process:
        """One query after the other, until the deadline."""
        for statement in statements:
            start = self.now
            if start - request.arrived > DEADLINE_S:
                request.status = 504
                return
            yield self.database.query(start, self.draws)
            request.queries += 1
            if request.statements is not None:
                request.statements.append((statement, start, self.now))

    def _search(self, request: Request) -> float:
        done = self.now + self.draws.log_normal(SEARCH_MEDIAN_S, SEARCH_SIGMA)
        request.search = (self.now, done, self.draws.uniform() >= SEARCH_ERROR_RATIO)
        return done

    def _answer(self, request: Request) -> None:
        request.finished = self.now
        if self.now - request.arrived > DEADLINE_S:
            request.status = 504
            request.finished = request.arrived + DEADLINE_S
        self.requests.append(request)
