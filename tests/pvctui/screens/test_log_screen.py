import pytest

from pvccore.model.log import LogPart
from pvccore.model.struct import replace
from pvctui import fetching
from pvctui.keys import KeyTable
from pvctui.look import Looks
from pvctui.screens.detail_screen import DetailScreen
from pvctui.screens.log_screen import LogScreen
from tests.pvctui.canned import cluster_of, node, uuid, vm, well
from tests.pvctui.console import Shown, console
from tests.pvctui.stored import StoredCluster

FIRST = LogPart(log="serial", end=40, lines=("kernel: hello", "systemd: up", "kernel: eth0 is up"))
THEN = LogPart(log="serial", end=60, lines=("sshd: listening",))


async def answered(shown: Shown, stored: StoredCluster, part: LogPart) -> dict[str, str]:
    """A daemon answers as soon as it is asked; what it was asked."""
    await shown.until(lambda: len(stored.open_tasks()) == 1)
    task = stored.answer(part)
    await shown.until(lambda: part.lines[-1] in shown.text())
    return dict(task.arguments)


async def test_a_vms_log_is_asked_for_once_and_says_what_it_waits_for_and_when_it_was_read() -> None:
    stored = StoredCluster(well())
    async with console(None, stored=stored) as shown:
        assert "waits for the daemon of hv1" in await shown.press("3", "l")
        assert "web1 · console log" in shown.text()
        given = await answered(shown, stored, FIRST)
        assert given["vm"] == "web1"
        assert "after" not in given
        assert "ago: 3 lines from the daemon of hv1" in shown.text()
        assert stored.now().tasks == {}
        assert not isinstance((await shown.press("escape"), shown.app.screen)[1], LogScreen)


async def test_the_same_key_reads_on_from_where_the_log_ended() -> None:
    stored = StoredCluster(well())
    async with console(None, stored=stored) as shown:
        await shown.press("3", "l")
        await answered(shown, stored, FIRST)
        await shown.press("l")
        given = await answered(shown, stored, THEN)
        assert given["after"] == "serial:40"
        text = shown.text()
        assert "kernel: hello" in text
        assert "4 lines" in text


async def test_a_log_is_filtered_as_any_list_and_its_lines_are_copied() -> None:
    stored = StoredCluster(well())
    async with console(None, stored=stored) as shown:
        await shown.press("3", "l")
        await answered(shown, stored, FIRST)
        text = await shown.press("slash", *"kernel !hello", "enter")
        assert "1 of 3" in text
        assert "systemd" not in text
        await shown.press("y")
        assert shown.app.clipboard == "kernel: eth0 is up"
        assert "systemd" in await shown.press("escape")
        assert isinstance(shown.app.screen, LogScreen)
        await shown.press("asterisk", "y")
        assert shown.app.clipboard.splitlines() == list(FIRST.lines)
        assert "Export: log" in await shown.press("o")


async def test_the_log_of_a_node_is_its_daemons() -> None:
    stored = StoredCluster(well())
    async with console(None, stored=stored, size=(80, 24)) as shown:
        await shown.press("2", "enter")
        assert isinstance(shown.app.screen, DetailScreen)
        assert "hv1 · the daemon's log" in await shown.press("l")
        await answered(shown, stored, FIRST)
        await shown.press("escape")
        assert isinstance(shown.app.screen, DetailScreen)


async def test_a_log_that_nobody_can_tell_is_said_and_nothing_is_asked() -> None:
    stored = StoredCluster(cluster_of([node("hv1"), node("hv2", alive=False)], [vm(1, "web1", "hv2")]))
    async with console(None, stored=stored) as shown:
        await shown.press("3", "l")
        await shown.until(lambda: "its log is with the daemon of hv2, which is not alive" in shown.text())
        assert stored.now().tasks == {}


async def test_a_console_that_only_reads_asks_for_no_log_and_says_why() -> None:
    stored = StoredCluster(well())
    async with console(None, stored=stored, read_only=True) as shown:
        await shown.press("3", "l")
        await shown.until(lambda: "this console is read-only: a log is asked for by a task" in shown.text())
        assert stored.now().tasks == {}


async def test_a_cursor_that_passes_by_the_tab_asks_for_no_log(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fetching, "SETTLE_S", 3600.0)
    stored = StoredCluster(well())
    async with console(None, stored=stored, size=(160, 50)) as shown:
        text = await shown.press("3", "comma", "down", "up")
        assert "waits for the daemon of hv1" in text
        assert stored.now().tasks == {}


async def test_the_tab_asks_for_the_log_that_somebody_stays_at() -> None:
    stored = StoredCluster(well())
    async with console(None, stored=stored, size=(160, 50)) as shown:
        await shown.press("3", "comma")
        given = await answered(shown, stored, FIRST)
        assert given["vm"] == "web1"
        assert "l shows it whole" in shown.text()


async def test_what_a_guest_writes_steers_no_terminal() -> None:
    stored = StoredCluster(well())
    async with console(None, stored=stored) as shown:
        await shown.press("3", "l")
        await answered(shown, stored, LogPart(log="serial", end=9, lines=("[red]\x1b[31m no", "end [/x]")))
        assert "\x1b" not in shown.text()
        assert "[red]" in shown.text()


async def test_a_vm_that_goes_while_its_log_is_open_leaves_what_was_read() -> None:
    stored = StoredCluster(well())
    async with console(None, stored=stored) as shown:
        await shown.press("3", "l")
        await answered(shown, stored, FIRST)
        cluster = shown.app.view.cluster
        left = {key: one for key, one in cluster.vms.items() if key != uuid(1)}
        shown.app._lens.view = replace(shown.app.view, cluster=replace(cluster, vms=left))
        shown.app._spread()
        assert "kernel: hello" in shown.text()


async def test_its_keys_are_those_that_a_person_bound_anew() -> None:
    stored = StoredCluster(well())
    looks = Looks(keys=KeyTable().rebound({"open.log": "f9", "names.copy": "f8"}))
    async with console(None, stored=stored, looks=looks) as shown:
        await shown.press("3", "f9")
        await answered(shown, stored, FIRST)
        assert "F9 read anew" in shown.text()
        await shown.press("f8", "f9")
        assert shown.app.clipboard == FIRST.lines[-1]
        await answered(shown, stored, THEN)
