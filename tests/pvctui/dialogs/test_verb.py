import re

import pytest

from pvccore.model.cluster import Cluster
from pvccore.model.node import WantedReadiness
from pvccore.model.struct import replace
from pvccore.model.vm import RequestVerb, VmState, Wanted
from pvctui.commands import COMMANDS, commands_at
from pvctui.dialogs.verb import VerbDialog
from pvctui.verbs import VERBS
from tests.pvctui.canned import cluster_of, in_maintenance, night, node, uuid, vm, well
from tests.pvctui.console import Shown, console
from tests.pvctui.stored import StoredCluster

KEYS = [(verb.id, verb.key) for verb in VERBS.values() if verb.key]


def at_home_and_away() -> Cluster:
    """One VM of each kind: running, migrated, stopped."""
    return cluster_of(
        [node("hv1"), node("hv2"), node("hv3", free_gb=32)],
        [
            vm(1, "away", "hv2", previous_node="hv1"),
            vm(2, "runs", "hv1"),
            vm(3, "still", "hv1", wanted=Wanted.STOPPED, state=VmState.STOPPED),
        ],
    )


def now(shown: Shown) -> Cluster:
    return shown.app.view.cluster


async def to_action(shown: Shown) -> None:
    """Tab on until the button that does it."""
    for _ in range(8):
        if shown.app.focused is not None and shown.app.focused.id == "act":
            return
        await shown.pilot.press("tab")
    raise AssertionError(shown.text())


async def confirm(shown: Shown) -> None:
    await to_action(shown)
    await shown.press("enter")


def is_open(shown: Shown) -> bool:
    return isinstance(shown.app.screen, VerbDialog)


@pytest.mark.parametrize("verb, key", KEYS)
async def test_a_key_opens_the_dialog_of_its_verb_and_esc_leaves_the_cluster_as_it_was(verb: str, key: str) -> None:
    stored = StoredCluster(at_home_and_away())
    async with console(None, stored=stored) as shown:
        before = stored.now()
        await shown.press("2" if verb.startswith("node") else "3", key)
        dialog = shown.app.screen
        assert isinstance(dialog, VerbDialog)
        assert dialog.verb.id == verb
        assert shown.app.focused is not None
        assert shown.app.focused.id != "act"
        await shown.press("escape")
        assert not is_open(shown)
        after = stored.now()
        assert (after.journal, after.vms) == (before.journal, before.vms)


@pytest.mark.parametrize("verb, key", KEYS)
async def test_enter_never_confirms_where_the_dialog_opens(verb: str, key: str) -> None:
    stored = StoredCluster(at_home_and_away())
    async with console(None, stored=stored) as shown:
        before = len(stored.now().journal)
        await shown.press("2" if verb.startswith("node") else "3", key, "enter")
        assert shown.app.focused is None or shown.app.focused.id != "act"
        assert len(stored.now().journal) == before


async def test_a_stopped_vm_is_started() -> None:
    async with console(None, stored=StoredCluster(at_home_and_away())) as shown:
        assert "stopped; will run on hv1" in await shown.press("3", "j", "j", "S")
        await confirm(shown)
        await shown.until(lambda: now(shown).vms[uuid(3)].placement.wanted is Wanted.RUNNING)
        await shown.until(lambda: not is_open(shown))
        assert now(shown).journal[-1].who == "anna@ops1"


@pytest.mark.parametrize("key, verb", [("T", RequestVerb.SHUTDOWN), ("B", RequestVerb.RESTART)])
async def test_a_running_vm_is_asked_to_shut_down_or_to_restart(key: str, verb: RequestVerb) -> None:
    async with console(None, stored=StoredCluster(at_home_and_away())) as shown:
        assert "running on hv1" in await shown.press("3", "j", key)
        await confirm(shown)
        await shown.until(lambda: now(shown).vms[uuid(2)].placement.request is not None)
        request = now(shown).vms[uuid(2)].placement.request
        assert request is not None
        assert request.verb is verb


async def test_what_is_refused_is_said_in_the_dialog_and_in_the_words_of_the_rule() -> None:
    stored = StoredCluster(at_home_and_away())
    async with console(None, stored=stored) as shown:
        before = len(stored.now().journal)
        assert "✗ runs: it is running already" in await shown.press("3", "j", "S")
        await confirm(shown)
        assert is_open(shown)
        assert len(stored.now().journal) == before


async def test_migrate_lists_the_selectors_choice_and_who_may_take_it_and_who_not() -> None:
    cluster = at_home_and_away()
    flushed = replace(cluster.nodes["hv3"].readiness, wanted=WantedReadiness.FLUSHED)
    nodes = {**cluster.nodes, "hv3": replace(cluster.nodes["hv3"], readiness=flushed, alive=None)}
    async with console(replace(cluster, nodes=nodes)) as shown:
        text = await shown.press("3", "j", "G")
        assert "it chooses hv2" in text
        assert re.search(r"hv2 +may take it", text)
        line = next(line for line in text.splitlines() if " hv3 " in line and "│" in line and "may take" not in line)
        assert line.strip("│ ") != "hv3"
        assert "hv1 → hv2" in text


async def test_migrate_goes_to_the_target_under_the_cursor() -> None:
    async with console(None, stored=StoredCluster(at_home_and_away())) as shown:
        await shown.press("3", "j", "G", "j", "j")
        assert "hv1 → hv3" in shown.text()
        await confirm(shown)
        await shown.until(lambda: now(shown).vms[uuid(2)].placement.migration is not None)
        placement = now(shown).vms[uuid(2)].placement
        assert placement.migration is not None
        assert (placement.migration.source, placement.migration.target) == ("hv1", "hv3")


async def test_a_migrated_vm_is_migrated_again_only_when_that_is_ticked() -> None:
    async with console(None, stored=StoredCluster(at_home_and_away())) as shown:
        assert "✗ away: it is migrated already" in await shown.press("3", "G")
        await shown.press("j", "j", "tab", "space")
        assert "hv2 → hv3" in shown.text()
        await confirm(shown)
        await shown.until(lambda: now(shown).vms[uuid(1)].placement.migration is not None)
        migration = now(shown).vms[uuid(1)].placement.migration
        assert migration is not None
        assert migration.target == "hv3"


async def test_unmigrate_brings_it_home() -> None:
    async with console(None, stored=StoredCluster(at_home_and_away())) as shown:
        assert "hv2 → hv1" in await shown.press("3", "U")
        await confirm(shown)
        await shown.until(lambda: now(shown).vms[uuid(1)].placement.migration is not None)


async def by_menu(shown: Shown, *typed: str) -> str:
    return await shown.press("x", *"".join(typed), "enter")


async def test_a_move_for_good_may_end_a_migration_where_the_vm_is() -> None:
    async with console(None, stored=StoredCluster(at_home_and_away())) as shown:
        await shown.press("3")
        await by_menu(shown, "move for good")
        assert "it would belong there from now on" in shown.text()
        await shown.press("j", "j", "j")
        assert "belongs on hv2 from now on" in shown.text()
        await confirm(shown)
        await shown.until(lambda: now(shown).vms[uuid(1)].placement.previous_node == "")
        assert now(shown).vms[uuid(1)].placement.node == "hv2"


async def test_a_hard_stop_wants_the_name_typed() -> None:
    stored = StoredCluster(at_home_and_away())
    async with console(None, stored=stored) as shown:
        await shown.press("3", "j")
        await by_menu(shown, "stop at once")
        await shown.press(*"run")
        await confirm(shown)
        assert "✗ type runs to confirm" in shown.text()
        assert stored.now().vms[uuid(2)].placement.request is None
        await shown.press("end", "s")
        await confirm(shown)
        await shown.until(lambda: now(shown).vms[uuid(2)].placement.request is not None)


async def test_disable_and_undefine_are_in_the_menu_and_a_refusal_is_the_operations_own() -> None:
    async with console(None, stored=StoredCluster(at_home_and_away())) as shown:
        await shown.press("3", "j", "j")
        await by_menu(shown, "disable")
        await confirm(shown)
        await shown.until(lambda: now(shown).vms[uuid(3)].placement.wanted is Wanted.DISABLED)
        await shown.until(lambda: not is_open(shown))
        await by_menu(shown, "undefine")
        await confirm(shown)
        await shown.until(lambda: "✗ XML of still does not exist" in shown.text())  # the stored cluster keeps none
        assert is_open(shown)


async def test_the_menu_says_why_a_verb_is_not_allowed_on_this_row() -> None:
    async with console(at_home_and_away(), size=(160, 40)) as shown:
        text = await shown.press("3", "j", "x")
        assert "Actions on runs" in text
        assert "unmigrate" in await shown.press(*"unmigrate")
        assert "✗ it has no previous node to return to" in await shown.press("enter")
        assert not is_open(shown)


# Nodes


async def test_flush_tells_where_every_vm_goes_and_who_is_parked_and_keeps_the_reason() -> None:
    pinned = vm(9, "pinned", "hv1", node_limit=("hv1",))
    cluster = cluster_of([node("hv1"), node("hv2")], [vm(1, "web1", "hv1"), pinned])
    async with console(None, stored=StoredCluster(cluster)) as shown:
        text = await shown.press("2", "F")
        assert "2 VMs: 1 migrates, 1 is parked" in text
        assert "web1 → hv2" in text
        assert "■ pinned is parked: " in text
        await shown.press(*"fan")
        await confirm(shown)
        await shown.until(lambda: now(shown).nodes["hv1"].readiness.wanted is WantedReadiness.FLUSHED)
        assert now(shown).nodes["hv1"].readiness.reason == "fan"
        await shown.until(lambda: not is_open(shown))
        await shown.press("R")
        await confirm(shown)
        await shown.until(lambda: now(shown).nodes["hv1"].readiness.wanted is WantedReadiness.READY)


async def test_fence_wants_the_nodes_name() -> None:
    async with console(None, stored=StoredCluster(well())) as shown:
        text = await shown.press("2", "j", "X")
        assert "Its power is cut" in text
        await confirm(shown)
        assert "✗ type hv2 to confirm" in shown.text()
        assert not now(shown).nodes["hv2"].fence.under_way
        await shown.press(*"hv2")
        await confirm(shown)
        await shown.until(lambda: now(shown).nodes["hv2"].fence.under_way)


async def test_in_maintenance_nobody_is_fenced_also_when_it_comes_while_the_dialog_is_open() -> None:
    async with console(well()) as shown:
        assert "maintenance is on" not in await shown.press("2", "j", "X")
        assert "✗ hv2: maintenance is on, nobody is fenced" in await shown.put(in_maintenance(well()))


async def test_a_node_that_is_silent_can_be_confirmed_off_by_the_menu() -> None:
    cluster = cluster_of([node("hv1"), node("hv2", alive=False)], [vm(1, "web1", "hv2")])
    async with console(cluster) as shown:
        await shown.press("2", "j")
        await by_menu(shown, "confirm")
        text = shown.text()
        assert "Your word is taken that you have seen it off" in text
        assert "type hv2 here" in text


# Many


async def test_many_are_one_dialog_one_list_and_one_result_each() -> None:
    stored = StoredCluster(at_home_and_away())
    async with console(None, stored=stored) as shown:
        text = await shown.press("3", "asterisk", "T")
        assert "Shut down: 3 VMs" in text
        assert "✗ still: it is stopped already" in text
        assert "1 of 3 can't be done now" in text
        await confirm(shown)
        for number in (1, 2):
            await shown.until(lambda number=number: now(shown).vms[uuid(number)].placement.request is not None)  # type: ignore[misc]
        await shown.until(lambda: not is_open(shown))
        assert now(shown).vms[uuid(3)].placement.request is None


async def test_where_many_go_is_chosen_above_their_list_also_on_a_small_terminal() -> None:
    async with console(night(), size=(80, 24)) as shown:
        text = await shown.press("3", "asterisk", "G")
        assert "the selector" in text
        assert "has no daemon" in text
        assert "17 of 44 can't be done now" in text


async def test_of_many_the_number_is_typed() -> None:
    stored = StoredCluster(well())
    async with console(None, stored=stored) as shown:
        await shown.press("3", "space", "space")
        await by_menu(shown, "stop at once")
        await shown.press("3")
        await confirm(shown)
        assert "✗ type 2 to confirm" in shown.text()
        await shown.press("end", "backspace", "2")
        await confirm(shown)
        await shown.until(lambda: now(shown).vms[uuid(2)].placement.request is not None)
        assert now(shown).vms[uuid(3)].placement.request is None


async def test_what_failed_keeps_the_dialog_open_with_a_line_for_each_and_a_mark_on_the_row() -> None:
    async with console(well()) as shown:  # it is connected to nothing, so every request fails
        await shown.press("3", "space", "space", "T")
        await confirm(shown)
        await shown.until(lambda: shown.text().count("✗ nothing is connected") == 2)
        assert is_open(shown)
        assert shown.app.view.on_way == {}
        await shown.press("escape")
        assert "2 marked" in shown.text()


# Who may


async def test_a_read_only_console_opens_no_dialog_and_says_why() -> None:
    async with console(well(), read_only=True) as shown:
        text = await shown.press("3", "S")
        assert not is_open(shown)
        assert "read-only" in text
        text = await shown.press("x")
        assert text.count("this console is read-only") >= len([v for v in VERBS.values() if v.kind == "vm"])


async def test_a_name_with_brackets_is_read_as_a_name() -> None:
    odd = cluster_of([node("hv1")], [vm(1, "bad[/x]", "hv1")])
    async with console(odd) as shown:
        text = await shown.press("3", "T")
        assert "Shut down: bad[/x]" in text
        assert "✗" not in text or "bad[/x]" in text


async def test_a_vm_that_is_gone_while_its_dialog_is_open_is_said() -> None:
    cluster = well()
    async with console(cluster) as shown:
        await shown.press("3", "G")
        left = {key: one for key, one in cluster.vms.items() if key != uuid(1)}
        text = await shown.put(replace(cluster, vms=left))
        assert "it is not defined any more" in text


def test_the_keys_of_vms_are_not_keys_of_nodes() -> None:
    of_vms = {command.id for command in commands_at("vms", demo=False)}
    assert {"vm.start", "vm.migrate"} <= of_vms
    assert not {"node.flush", "node.fence"} & of_vms
    assert all(command.changes for command in COMMANDS if command.id in VERBS)


async def test_a_flush_says_how_long_it_may_take_and_whether_another_node_may_die_afterwards() -> None:
    async with console(cluster_of([node("hv1"), node("hv2")], [vm(1, "web1", "hv1")])) as shown:
        await shown.press("2", "F")
        await shown.until(lambda: "Afterwards N−1 does not hold: hv2 (1 VM parked)." in shown.text())
        assert "2 at a time, about 3 s if memory is copied at 1 GB/s each." in shown.text()
    async with console(at_home_and_away()) as shown:
        await shown.press("2", "F")
        await shown.until(lambda: "Afterwards N−1 holds: any single node may die." in shown.text())
