"""What goes wrong while somebody works: the console says so, and keeps what was typed."""

import pytest
from rich.cells import cell_len

from pvccore.model.cluster import Cluster
from pvccore.model.struct import replace
from pvccore.model.vm import VmState
from pvccore.state.store import Connection
from pvctui.rows.view import Link
from pvctui.screens import PLACES
from tests.pvctui.canned import cluster_of, entry, node, uuid, vm, well
from tests.pvctui.canned_storage import on_ceph
from tests.pvctui.console import SIZES, Shown, console
from tests.pvctui.stored import StoredCluster

AWAY = Link(connection=Connection.RECONNECTING, age_s=12.0)
HOSTILE = (
    "bad[/x][red]",
    "a\x1b[31m\u202eb",
    "家族の写真💥",
    "n" * 200,
    "e\u0301\u200d\u200b" * 40,
    "家" * 100,
    "[b]\n\t\r",
)


STEERING = "\x1b\u202e\t\r\u200d\u200b"


def without(cluster: Cluster, key: str) -> Cluster:
    return replace(cluster, vms={one: found for one, found in cluster.vms.items() if one != key})


@pytest.mark.parametrize("size", SIZES)
async def test_a_vm_that_is_undefined_while_its_detail_is_open_is_said_to_be_gone(size: tuple[int, int]) -> None:
    async with console(well(), size=size) as shown:
        await shown.press("3", "enter")
        text = await shown.put(without(well(), uuid(1)))
        if size[0] < 120:
            assert "this VM is not defined any more" in text
            await shown.press("comma", "full_stop", "x", "escape", "escape")
        assert "web2" in await shown.press("escape")


async def test_a_lost_connection_leaves_what_was_typed_and_is_said() -> None:
    async with console(well()) as shown:
        await shown.press("3", "e")
        shown.app.screen.query_one("#field-description").focus()
        await shown.press(*"half a sentence")
        shown.canned.break_off(AWAY)
        await shown.pilot.pause()
        text = shown.text()
        assert "half a sentence" in text
        assert "reconnecting" in text
        shown.app.screen.query_one("#act").focus()
        await shown.press("enter")
        await shown.until(lambda: "✗ nothing is connected" in shown.text())
        assert "half a sentence" in shown.text()


async def test_what_somebody_else_did_first_is_refused_in_the_words_of_the_rule() -> None:
    stored = StoredCluster(well())
    async with console(None, stored=stored) as shown:
        await shown.press("3", "B")
        stored.run(uuid(1), VmState.STOPPED)
        await shown.until(lambda: shown.app.view.cluster.vms[uuid(1)].placement.state is VmState.STOPPED)
        await shown.until(lambda: "✗ web1: " in shown.text())
        shown.app.screen.query_one("#act").focus()
        assert "✗ web1: " in await shown.press("enter")
        assert stored.now().vms[uuid(1)].placement.request is None


async def test_a_terminal_that_is_too_small_says_so_and_goes_on() -> None:
    async with console(well(), size=(40, 10)) as shown:
        assert "too small" in shown.text()
        await shown.press("3", "slash", *"web", "enter", "x", "escape", "question_mark", "escape", "M", "escape")
        await shown.pilot.resize_terminal(120, 40)
        await shown.pilot.pause()
        assert "web1" in shown.text()


async def test_it_is_resized_while_the_cluster_changes() -> None:
    sizes = ((40, 10), (200, 60), (80, 24), (61, 15), (120, 40))
    async with console(well(), size=(120, 40)) as shown:
        for place in ("1", "2", "3", "4", "7"):
            await shown.press(place)
            for number, (width, height) in enumerate(sizes):
                shown.canned.put(well(nodes=3 + number, vms=9 + 40 * number))
                await shown.pilot.resize_terminal(width, height)
            await shown.pilot.pause()
        assert "hv7" in await shown.press("2")


def hostile(name: str) -> Cluster:
    """Every text that a stranger may choose says `name`."""
    odd = vm(1, name, "hv1", description=name, tags=(name,), volumes=(f"vms/{name}",), networks=(name,), why=name)
    told = (entry(1, name, name, who=name, vm=name, node="hv1"),)
    cluster = on_ceph(cluster_of([node("hv1"), node("hv2")], [odd], journal=told))
    volumes = {name: replace(cluster.storage.volumes["vms"]["web1"], name=name, lock_holder=name)}
    return replace(cluster, storage=replace(cluster.storage, volumes={"vms": volumes}))


@pytest.mark.parametrize("name", HOSTILE)
async def test_a_hostile_name_is_only_a_name_in_every_list_detail_and_dialog(name: str) -> None:
    async with console(hostile(name), size=(160, 40)) as shown:
        for place in PLACES.values():
            text = await shown.press(place.key)
            for _ in range({"3": 7, "4": 4}.get(place.key, 0)):
                text += await shown.press("full_stop")
            assert not {"\x1b", "\u202e"} & set(text)
        for key in ("e", "G", "T", "x", "colon"):
            text = await shown.press("3", key)
            assert not {"\x1b", "\u202e"} & set(text)
            await shown.press("escape")
        assert shown.app.is_running


def misaligned(shown: Shown) -> list[str]:
    """Lines that are wider than the terminal, or whose right border does not stand at its edge."""
    width, height = shown.app.size
    lines = shown.text().splitlines()
    assert len(lines) <= height
    framed = [line for line in lines if line.startswith(("│", "╭", "╰"))]
    return [line for line in lines if cell_len(line) > width] + [
        line for line in framed if cell_len(line) != width or line[-1] not in "│╮╯"
    ]


def all_hostile() -> Cluster:
    """One VM, volume and journal entry of each hostile name."""
    each = [hostile(name) for name in HOSTILE]
    vms = [replace(vm, uuid=uuid(place)) for place, one in enumerate(each, 1) for vm in one.vms.values()]
    journal = [replace(told, key=f"e-{place:010}") for place, one in enumerate(each) for told in one.journal]
    volumes = {name: found for one in each for name, found in one.storage.volumes["vms"].items()}
    storage = replace(each[0].storage, volumes={"vms": volumes})
    return replace(cluster_of([node("hv1"), node("hv2")], vms, journal=tuple(journal)), storage=storage)


@pytest.mark.parametrize("size", SIZES[:2], ids=str)
async def test_hostile_names_break_no_alignment_and_are_never_sent_raw(size: tuple[int, int]) -> None:
    ways = [
        *([place.key] for place in PLACES.values()),
        *(["3", key] for key in ("e", "G", "o", "w")),
        ["3", "x", *"rename", "enter"],
        ["3", "asterisk", "T"],
        *(["2", key] for key in ("F", "X")),
        *(["4", "full_stop", "x"] for _ in range(4)),
        ["6", "enter"],
    ]
    async with console(all_hostile(), size=size) as shown:
        for keys in ways:
            text = await shown.press(*keys)
            assert not [one for one in text if one in STEERING], keys
            assert misaligned(shown) == [], keys
            await shown.press("escape")
            await shown.press("escape")
