"""What the console does first, and what only after that."""

import asyncio
import subprocess
import sys

from tests.pvctui.canned import well
from tests.pvctui.console import console

BEHIND_THE_FRAME = ("kazoo", "lxml", "pvccore.state.codec", "pvctui.screens.overview", "pvctui.widgets.live_table")


def test_the_frame_waits_for_no_store_and_no_list_to_be_loaded() -> None:
    script = f"import sys, pvctui.__main__, pvctui.app\nprint(*sorted(set({BEHIND_THE_FRAME!r}) & set(sys.modules)))"
    ended = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=60)
    assert ended.stdout.strip() == ""


async def test_of_two_screens_asked_for_at_once_the_last_is_shown() -> None:
    async with console(well()) as shown:
        await asyncio.gather(shown.app.show_place("nodes"), shown.app.show_place("vms"))
        await shown.pilot.pause()
        assert shown.app.place_name == "vms"
        assert "web1" in shown.text()
        assert "▸3 VMs" in shown.text()


async def test_a_screen_made_while_the_cluster_changes_shows_the_newest() -> None:
    async with console(None) as shown:
        opened = asyncio.create_task(shown.app.show_place("vms"))
        await shown.put(well())
        await opened
        await shown.pilot.pause()
        assert "web1" in shown.text()
