"""Presence over the engine's socket: seen while the connection lasts; a closing engine doesn't wait for it."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

from engine.engine import person
from engine.host import ServedEngine, engine_in_thread
from engine.presence import Looking
from engine.remote import RemoteEngine


async def test_two_processes_see_each_other_until_one_disconnects(short_path: Path) -> None:
    store = short_path / "store.db"
    engine = await ServedEngine.serve(store)
    thread = engine_in_thread(store)
    try:
        await thread.open()
        assert thread.remote
        far, near = thread.presence("exec-1", "view-far"), RemoteEngine(store).presence("exec-1", "view-near")
        own = engine.presence("exec-1", "view-own")
        assert [viewer.id for viewer in await anext(own)] == ["view-own"]
        assert [viewer.id for viewer in await anext(far)] == ["view-own", "view-far"]
        assert [viewer.id for viewer in await anext(near)] == ["view-own", "view-far", "view-near"]
        await thread.look("exec-1", "view-far", Looking(pane="facts", row="F3"))
        while (seen := await anext(near))[1].looking.row != "F3":
            pass
        assert {viewer.name for viewer in seen} == {person(os.getuid()).name}
        assert engine.server is not None
        assert engine.server.followers == 0, "who looks follows nothing by that"
        await far.aclose()
        async with asyncio.timeout(5):
            while len(await anext(near)) != 2:
                pass
        await near.aclose()
    finally:
        await thread.close()
        await engine.close()


async def test_a_closing_engine_does_not_wait_for_who_looks(short_path: Path) -> None:
    store = short_path / "store.db"
    engine = await ServedEngine.serve(store)
    near = RemoteEngine(store).presence("exec-1", "view-near")
    await anext(near)
    loop = asyncio.get_running_loop()
    begun = loop.time()
    await engine.close()
    assert loop.time() - begun < 1.9, "a request is given 2 s to end; this one has no end"
    await near.aclose()
