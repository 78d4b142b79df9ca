import asyncio

import pytest
from textual.events import Key

from pvccore.model.cluster import Cluster
from pvccore.model.forecast import Forecast
from pvccore.model.struct import replace
from pvccore.state.store import Connection
from pvctui.keys import KeyTable
from pvctui.look import Looks
from pvctui.rows.moments import clock
from pvctui.rows.view import Link
from pvctui.screens.detail_screen import DetailScreen
from pvctui.screens.place import Place
from tests.pvctui.canned import NOW_S, in_maintenance, night, node, uuid, vm, well
from tests.pvctui.console import SIZES, console

NARROW = (80, 24)


@pytest.mark.parametrize(
    "key, title", [("1", "Needs attention"), ("2", "READINESS"), ("3", "MEMORY"), ("6", "Journal")]
)
async def test_each_number_leads_to_its_screen(key: str, title: str) -> None:
    async with console(night()) as shown:
        await shown.press("3" if key != "3" else "2")
        assert title in await shown.press(key)


async def test_what_no_node_reports_yet_is_said_so() -> None:
    async with console(night()) as shown:
        assert "No storage report yet" in await shown.press("4")
        assert "no task was asked for yet" in await shown.press("5")


async def test_minus_goes_back_to_the_last_screen() -> None:
    async with console(night()) as shown:
        await shown.press("3", "2", "minus")
        assert shown.app.place_name == "vms"


async def test_the_header_counts_what_is_unknown_and_not_as_running() -> None:
    async with console(night()) as shown:
        header = shown.line(0)
        assert "nodes 4/6" in header
        assert "VMs 28/44" in header
        assert "unknown 12" in header


async def test_a_well_cluster_says_since_when() -> None:
    async with console(well()) as shown:
        assert "✓ All well, since" in shown.text()


async def test_trouble_appears_and_goes_as_the_cluster_does() -> None:
    async with console(well()) as shown:
        assert "build7" not in shown.text()
        assert "build7" in await shown.put(night())
        assert "All well" in await shown.put(well())
        assert "at least" not in shown.text()


async def test_where_the_next_death_would_park_vms_all_is_not_simply_well() -> None:
    async with console(replace(well(), forecast=Forecast(at=NOW_S, nodes=3, parked={"hv2": 1}))) as shown:
        assert "at least; but N−1 does not hold, see 7" in shown.text()


async def test_since_when_all_is_well_is_not_known_from_before_one_looked(monkeypatch: pytest.MonkeyPatch) -> None:
    async with console(well()) as shown:
        assert f"✓ All well, since {clock(NOW_S)} at least" in shown.text()
        await shown.press("3")
        await shown.put(night())
        monkeypatch.setattr("tests.pvctui.console.NOW_S", NOW_S + 600)
        await shown.put(well())
        assert f"✓ All well, since {clock(NOW_S + 600)} at least" in await shown.press("1")


async def test_maintenance_has_its_line_only_while_it_is_on() -> None:
    async with console(well()) as shown:
        assert "MAINTENANCE" not in shown.text()
        assert "MAINTENANCE" in await shown.put(in_maintenance(well()))
        assert "nobody is fenced" in shown.line(1)
        assert "MAINTENANCE" not in await shown.put(well())


async def test_enter_on_the_line_of_a_fence_shows_its_steps() -> None:
    async with console(night()) as shown:
        await shown.press("shift+tab")
        while not shown.app.focused or shown.app.focused.__class__.__name__ != "FenceLine":
            await shown.press("shift+tab")
        text = await shown.press("enter")
        assert "Fence of hv3" in text
        assert "two readings of off in a row" in text
        assert "Fence of hv3" not in await shown.press("escape")


async def test_enter_on_trouble_leads_to_its_subject() -> None:
    async with console(night()) as shown:
        await shown.press("down", "enter")
        await shown.until(lambda: shown.app.place_name == "vms")
        assert shown.app.place is not None
        assert shown.app.place.subject == f"vm {uuid(101)}"


async def test_enter_on_a_fenced_node_in_the_overview_shows_the_fence() -> None:
    async with console(night()) as shown:
        assert "Fence of hv3" in await shown.press("enter")


async def test_the_steps_of_a_fence_go_on_while_they_are_shown() -> None:
    async with console(night()) as shown:
        await shown.press("enter")
        cluster = night()
        settled = replace(cluster.nodes["hv3"], fence=replace(cluster.nodes["hv3"].fence, error="ipmi: no answer"))
        text = await shown.put(replace(cluster, nodes={**cluster.nodes, "hv3": settled}))
        assert "✗ ipmi: no answer" in text


async def test_wide_shows_the_detail_beside_the_list_and_narrow_after_enter() -> None:
    async with console(night(), size=(120, 40)) as shown:
        assert "vms/app1" in await shown.press("3")
    async with console(night(), size=NARROW) as shown:
        assert "vms/app1" not in await shown.press("3")
        text = await shown.press("enter")
        assert isinstance(shown.app.screen, DetailScreen)
        assert "vms/app1" in text
        await shown.press("escape")
        assert not isinstance(shown.app.screen, DetailScreen)


async def test_comma_and_full_stop_turn_the_tabs_of_the_detail() -> None:
    async with console(night()) as shown:
        assert "If it had to leave now: hv2" in await shown.press("3", *["full_stop"] * 4)
        assert "e edits these" in await shown.press(*["comma"] * 3)


async def test_the_narrow_list_tells_the_whole_reason_under_it() -> None:
    async with console(night(), size=NARROW) as shown:
        await shown.press("3", "slash", *"db1", "enter")
        assert "limit hv4,hv5; hv4 is flushed; hv5 has 3 of the 8 GB" in shown.text()


async def test_a_filter_is_live_and_esc_takes_it_away() -> None:
    async with console(night()) as shown:
        text = await shown.press("3", "slash", *"status:parked")
        assert "1 of 44" in text
        assert "app10" not in text
        text = await shown.press("escape")
        assert "1 of 44" not in text
        assert "build7" in text


async def test_a_wrong_filter_is_told_where_it_is_typed() -> None:
    async with console(night()) as shown:
        assert "no such field" in await shown.press("3", "slash", *"colour:red")


async def test_digits_typed_into_the_filter_are_no_screens() -> None:
    async with console(night()) as shown:
        await shown.press("3", "slash", *"app1")
        assert shown.app.place_name == "vms"


async def test_the_journal_leads_to_its_subjects() -> None:
    async with console(night()) as shown:
        await shown.press("6", "down", "down", "down", "enter")
        await shown.until(lambda: shown.app.place_name == "vms")
        assert shown.app.place is not None
        assert shown.app.place.subject == f"vm {uuid(102)}"


async def test_a_lost_connection_is_told_with_the_age_and_changes_wait() -> None:
    async with console(night()) as shown:
        shown.canned.break_off(Link(connection=Connection.RECONNECTING, age_s=12.0))
        await shown.pilot.pause()
        assert "◌ reconnecting, data 12 s old" in shown.line(0)
        assert "not connected" in await shown.press("M")
        assert "Turn maintenance on" not in shown.text()


async def test_without_a_cluster_it_says_what_to_do() -> None:
    async with console(None) as shown:
        assert "◌ connecting" in shown.line(0)
        shown.canned.break_off(Link(trouble="no cluster at h1:2181/pvc; run `pvc init`"))
        await shown.pilot.pause()
        assert "no cluster at h1:2181/pvc; run `pvc init`" in shown.line(1)


async def test_read_only_changes_nothing_and_says_so() -> None:
    async with console(night(), read_only=True) as shown:
        assert "read-only" in shown.line(0)
        assert "this console is read-only" in await shown.press("M")
        assert "this console is read-only" in await shown.press("3", "x")


@pytest.mark.parametrize("key", ["2", "3"])
async def test_viewers_see_what_they_can_not_do_before_they_try(key: str) -> None:
    async with console(night()) as shown:
        shown.canned.break_off(Link(connection=Connection.CONNECTED, age_s=0.0, may_write=False))
        text = await shown.press(key)
        assert "✗ these credentials may only read" in text.splitlines()[-1]
        assert "read-only" in shown.line(0)
        assert "these credentials may only read" in await shown.press("x")


async def test_help_lists_the_keys_of_the_place() -> None:
    async with console(night(), size=(120, 90)) as shown:
        text = await shown.press("3", "question_mark")
        assert "Edit the VM's metadata" in text
        assert "Mark, move down" in text
        assert "a field compared" in await shown.press("end")
        assert "Edit the VM's metadata" not in await shown.press("escape")


async def test_help_is_there_over_a_detail_and_over_a_log_too() -> None:
    async with console(night(), size=NARROW) as shown:
        text = await shown.press("3", "enter", "question_mark")
        assert "Next tab of the detail" in text
        assert "Mark, move down" not in text
        await shown.press("escape", "l", "question_mark", "end")
        assert "a regular expression" in shown.text()


async def test_ctrl_c_says_how_to_quit_by_the_keys_in_force() -> None:
    looks = Looks(keys=KeyTable().rebound({"quit": "f10"}))
    async with console(night(), looks=looks) as shown:
        assert "F10 quits the console" in await shown.press("ctrl+c")
        assert shown.app.is_running


async def test_the_palette_knows_every_command_and_what_lists_do() -> None:
    async with console(night(), size=(160, 50)) as shown:
        assert "Export the list" in await shown.press("3", "colon", *"export")
        await shown.press("escape", "colon", *"pause everything", "enter")
        await shown.until(lambda: "PAUSED" in shown.text())


async def test_the_palette_finds_a_vm_by_name() -> None:
    async with console(night()) as shown:
        await shown.press("colon", *"build7", "enter")
        await shown.until(lambda: shown.app.place_name == "vms")
        assert shown.app.place is not None
        assert shown.app.place.subject == f"vm {uuid(101)}"


async def test_the_palette_carries_out_commands() -> None:
    async with console(night()) as shown:
        await shown.press("ctrl+p", *"maintenance", "enter")
        await shown.until(lambda: "While it is on" in shown.text())


async def test_the_menu_of_actions_opens_what_is_chosen() -> None:
    async with console(night()) as shown:
        assert "Edit the VM's metadata" in await shown.press("3", "x", *"metadata")
        await shown.press("enter")
        await shown.until(lambda: "app1 · metadata" in shown.text())


async def test_esc_never_quits_and_q_does() -> None:
    async with console(night()) as shown:
        await shown.press("escape", "escape", "escape")
        assert shown.app.is_running
        await shown.press("q")
        assert not shown.app.is_running


async def test_a_terminal_that_is_too_small_is_told_and_lives() -> None:
    async with console(night(), size=(40, 10)) as shown:
        assert "too small" in shown.text()
        assert "Overview" not in shown.text()
        await shown.pilot.resize_terminal(120, 40)
        await shown.pilot.pause()
        assert "Overview" in shown.text()


async def test_hostile_names_are_shown_as_they_stand() -> None:
    nodes = [node("hv1")]
    hostile = [vm(1, "bad[/x]", "hv1"), vm(2, "[red]no[/red]", "hv1"), vm(3, "漢字" * 30, "hv1", description="[bold]")]
    cluster = Cluster(
        leases=("l",),
        nodes={"hv1": nodes[0]},
        vms={one.uuid: one for one in hostile},
        names={o.name: o.uuid for o in hostile},
    )
    async with console(cluster) as shown:
        text = await shown.press("3")
        assert "bad[/x]" in text
        assert "[red]no[/red]" in text
        for _ in range(3):
            await shown.press("down")
        assert "bad[/x]" in await shown.press("e")
        await shown.press("escape", "g", "e", "escape", "colon")


async def test_a_vm_that_goes_while_its_detail_is_open_says_so() -> None:
    async with console(night(), size=NARROW) as shown:
        await shown.press("3", "enter")
        cluster = night()
        left = {key: one for key, one in cluster.vms.items() if key != uuid(1)}
        assert "not defined any more" in await shown.put(replace(cluster, vms=left))


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize(
    "cluster", [night(), in_maintenance(night()), well(), Cluster()], ids=["night", "maintenance", "well", "empty"]
)
async def test_every_screen_draws_at_every_size(size: tuple[int, int], cluster: Cluster) -> None:
    async with console(cluster, size=size) as shown:
        for keys in ((), ("2",), ("6",), ("M",), ("escape", "question_mark"), ("escape", "3"), ("e",)):
            lines = (await shown.press(*keys) if keys else shown.text()).splitlines()
            assert len(lines) == size[1], keys
            assert "q quit" in lines[-1], keys
        assert shown.app.export_screenshot().startswith("<svg")


async def test_what_comes_while_it_closes_does_no_harm() -> None:
    async with console(night()) as shown:
        app, feed = shown.app, shown.canned
    feed.put(well())
    app._changed()
    app._tick()
    assert app.view.cluster.vms.keys() == well().vms.keys()


async def test_a_key_after_esc_is_meant_for_what_is_under_the_dialog() -> None:
    async with console(night()) as shown:
        await shown.press("M")
        app = shown.app
        app.post_message(Key("escape", None))
        app.post_message(Key("2", "2"))
        await shown.until(lambda: app.place_name == "nodes")
        assert len(app.screen_stack) == 1


@pytest.mark.parametrize(
    "keys", [("question_mark",), ("3", "question_mark"), ("3", "asterisk", "G"), ("colon",)], ids=str
)
async def test_the_buttons_of_a_dialog_are_in_sight_on_a_small_terminal(keys: tuple[str, ...]) -> None:
    async with console(night(), size=(80, 24)) as shown:
        text = await shown.press(*keys)
        assert "Close" in text or "Cancel" in text


async def test_only_the_last_of_two_screens_that_were_asked_for_at_once_is_shown() -> None:
    async with console(night()) as shown:
        frame = shown.app.frame
        await asyncio.gather(frame.show_place("nodes", []), frame.show_place("vms", []))
        await shown.pilot.pause()
        assert [place.PLACE for place in shown.app.query(Place) if place.parent is not None and place.display] == [
            "vms"
        ]
