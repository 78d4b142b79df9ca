from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import pytest
from textual.widgets import Button

from pvccore.model.change import Change, Kind, Write
from pvccore.model.storage import Osds, Pools, PoolVolumes, volumes_key
from pvccore.model.struct import replace
from tests.pvctui.canned import NOW_S, well
from tests.pvctui.canned_storage import OSDS, POOLS, STATUS, VOLUMES, on_ceph, storage
from tests.pvctui.console import SIZES, Shown, console
from tests.pvctui.stored import StoredCluster

WIDE = (160, 50)


@pytest.mark.parametrize("size", SIZES)
async def test_it_shows_health_and_osds_at_any_size(size: tuple[int, int]) -> None:
    async with console(on_ceph(), size=size) as shown:
        text = await shown.press("4")
        assert "▲ warning" in text
        assert "2 flags set: noout, norebalance" in text
        assert "osd.1" in text
        assert "figures 12 s old" in text


async def test_comma_and_full_stop_go_from_tab_to_tab() -> None:
    async with console(on_ceph(), size=WIDE) as shown:
        assert "osd.0" in await shown.press("4")
        assert "one copy only" in await shown.press("full_stop")
        assert "vms/[red]old" in await shown.press("full_stop")
        assert "vms/web1" in await shown.press("full_stop")
        assert "PROTECTED" in shown.text()
        assert "osd.0" in await shown.press("full_stop")
        assert "PROTECTED" in await shown.press("comma")


async def test_the_detail_of_a_row_stands_beside_it_or_opens() -> None:
    async with console(on_ceph(), size=WIDE) as shown:
        assert "no VM has it as a disk" in await shown.press("4", "full_stop", "full_stop")
    async with console(on_ceph(), size=(80, 24)) as shown:
        assert "/dev/sdb" in await shown.press("4", "enter")
        assert "STATE" in await shown.press("escape")


async def test_a_list_can_be_filtered_and_keeps_its_filter() -> None:
    async with console(on_ceph(), size=WIDE) as shown:
        await shown.press("4", "slash", *"down", "enter")
        assert "2 of 5" in shown.text()
        assert "2 of 5" in await shown.press("full_stop", "comma")
        assert "2 of 5" not in await shown.press("escape")


async def test_a_cluster_without_ceph_says_so() -> None:
    async with console(well(), size=(120, 40)) as shown:
        text = await shown.press("4")
        assert "No storage report yet" in text
        assert "no OSD is known" in text


async def test_newer_figures_are_shown_and_old_ones_told() -> None:
    async with console(on_ceph(), size=(120, 40)) as shown:
        await shown.press("4")
        stuck = replace(STATUS, at=NOW_S - 180, error="ceph does not answer", flags=())
        text = await shown.put(on_ceph(storage=replace(storage(stuck), osds={7: replace(OSDS[0], id=7)})))
        assert "figures 3 m old: ceph does not answer" in text
        assert "osd.7" in text
        assert "osd.1" not in text
        assert "noout" not in text


async def test_the_menu_lists_what_fits_the_row_and_why_not() -> None:
    async with console(on_ceph(), size=(120, 40)) as shown:
        text = await shown.press("4", "full_stop", "full_stop", "down", "down", "x")
        assert "Give a volume another size" in text
        assert "web1" in text


# To the store


@asynccontextmanager
async def on_store(*, read_only: bool = False) -> AsyncGenerator[tuple[Shown, StoredCluster]]:
    stored = StoredCluster(well())
    writes = (
        Write(kind=Kind.STORAGE_STATUS, key="", before=None, after=STATUS),
        Write(kind=Kind.OSDS, key="", before=None, after=Osds(osds=OSDS)),
        Write(kind=Kind.POOLS, key="", before=None, after=Pools(pools=POOLS)),
        Write(
            kind=Kind.VOLUMES,
            key=volumes_key("vms", 0),
            before=None,
            after=PoolVolumes(pool="vms", volumes=tuple(VOLUMES["vms"].values())),
        ),
    )
    stored.session.commit(Change(writes=writes, quiet=True))
    async with console(None, stored=stored, size=(120, 40), read_only=read_only) as shown:
        yield shown, stored


async def test_a_volume_is_asked_for_by_the_form() -> None:
    async with on_store() as (shown, stored):
        await shown.press("4", "full_stop", "full_stop", "x", *"empty volume", "enter")
        await shown.until(lambda: "still to fill in: volume, size" in shown.text())
        await shown.press(*"data1", "enter", *"5G")
        await shown.until(lambda: "Will add volume vms/data1 of 5G" in shown.text())
        await shown.press("tab", "tab", "tab", "enter")
        await shown.until(lambda: bool(stored.now().tasks))
        (task,) = stored.now().tasks.values()
        assert (task.verb, task.asked_by) == ("storage volume add", "anna@ops1")
        assert task.arguments["volume"] == "vms/data1"
        assert task.arguments["size"] == "5G"
        await shown.until(lambda: len(shown.app.screen_stack) == 1)
        assert "add volume vms/data1 of 5G" in await shown.press("5")


async def test_removing_a_volume_names_what_is_lost_and_wants_its_name() -> None:
    async with on_store() as (shown, stored):
        await shown.press("4", "full_stop", "full_stop", "slash", *"stray", "enter", "x", *"remove a volume", "enter")
        await shown.until(lambda: "Lost for good:" in shown.text())
        assert "volume vms/stray, 1 G" in shown.text()
        await shown.press("tab", "tab", "tab", "enter")
        assert "type vms/stray to confirm" in shown.text()
        assert stored.now().tasks == {}
        await shown.press(*"vms/stray", "tab", "tab", "enter")
        await shown.until(lambda: bool(stored.now().tasks))
        assert {task.verb for task in stored.now().tasks.values()} == {"storage volume remove"}


async def test_what_is_refused_stays_in_the_form_with_the_reason() -> None:
    async with on_store() as (shown, stored):
        await shown.press("4", "full_stop", "full_stop", "x", *"empty volume", "enter", *"data1", "tab", *"lots")
        await shown.until(lambda: "✗" in shown.text())
        await shown.press("tab", "tab", "tab", "enter")
        assert "lots" in shown.text()
        assert stored.now().tasks == {}
        assert "Make an empty volume" not in await shown.press("escape")


async def test_nothing_can_be_asked_for_read_only_and_the_reason_is_given() -> None:
    async with on_store(read_only=True) as (shown, stored):
        await shown.press("4", "x", *"flag", "enter")
        assert "this console is read-only" in shown.text()
        assert stored.now().tasks == {}


async def test_every_verb_is_in_the_palette() -> None:
    async with console(on_ceph(), size=(120, 40)) as shown:
        await shown.press("colon", *"pool for volumes", "enter")
        assert "still to fill in: pool, pgs" in shown.text()


async def test_many_volumes_are_one_dialog_with_a_line_each_and_their_number_is_typed() -> None:
    stored = StoredCluster(well())
    keep_storage(stored)
    async with console(None, stored=stored, size=WIDE) as shown:
        await shown.until(lambda: shown.app.view.cluster.storage.status.is_known)
        await shown.press("4", "full_stop", "full_stop", "asterisk", "x", *"remove a volume", "enter")
        text = shown.text()
        assert "✗ vms/web1: " in text
        assert "lost for good" in text
        assert "can't be done now and will be left alone" in text
        button = shown.app.screen.query_one("#act", Button)
        button.focus()
        assert "✗ type 3 to confirm" in await shown.press("enter")
        await shown.press("3")
        await shown.until(lambda: not button.has_class("-active"))
        button.focus()
        await shown.press("enter")
        await shown.until(lambda: any(task.verb == "storage volume remove" for task in stored.now().tasks.values()))


async def test_what_gives_a_new_name_is_not_for_many() -> None:
    async with console(on_ceph(), size=WIDE) as shown:
        text = await shown.press("4", "full_stop", "full_stop", "asterisk", "x")
        assert "Actions on 3 marked" in text
        assert "Rename" not in text


def keep_storage(stored: StoredCluster) -> None:
    writes = (
        Write(kind=Kind.STORAGE_STATUS, key="", before=None, after=STATUS),
        Write(kind=Kind.OSDS, key="", before=None, after=Osds(osds=OSDS)),
        Write(kind=Kind.POOLS, key="", before=None, after=Pools(pools=POOLS)),
        Write(
            kind=Kind.VOLUMES,
            key=volumes_key("vms", 0),
            before=None,
            after=PoolVolumes(pool="vms", volumes=tuple(VOLUMES["vms"].values())),
        ),
    )
    stored.session.commit(Change(writes=writes, quiet=True))
