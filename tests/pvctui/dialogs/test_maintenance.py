from tests.pvctui.canned import in_maintenance, night, well
from tests.pvctui.console import console
from tests.pvctui.stored import StoredCluster


async def test_it_says_what_it_means_before_it_is_done() -> None:
    async with console(night()) as shown:
        text = await shown.press("M")
        assert "Turn maintenance on" in text
        assert "While it is on, no node is fenced" in text
        assert "hv3 (off sent): its power is only read" in text


async def test_off_says_who_would_be_fenced() -> None:
    async with console(in_maintenance(night())) as shown:
        text = await shown.press("M")
        assert "Turn maintenance off" in text
        assert "hv3 is silent: it gets 30 s of grace" in text


async def test_keys_and_a_reason_switch_it_in_the_store_and_in_the_journal() -> None:
    stored = StoredCluster(well())
    async with console(None, stored=stored) as shown:
        await shown.press("M", *"rack 2", "enter", "enter")
        assert "Turn maintenance on" not in shown.text()
        await shown.press("M", *"rack 2", "tab", "tab", "enter")
        await shown.until(lambda: shown.app.view.cluster.maintenance.on)
        await shown.until(lambda: "MAINTENANCE" in shown.line(1))
        assert "by anna@ops1 · rack 2" in shown.line(1)
        last = shown.app.view.cluster.journal[-1]
        assert (last.who, last.what, last.why) == ("anna@ops1", "maintenance on", "rack 2")
        await shown.press("M", "tab", "tab", "enter")
        await shown.until(lambda: not shown.app.view.cluster.maintenance.on)


async def test_enter_in_the_reason_moves_on_to_cancel_and_never_confirms() -> None:
    async with console(night()) as shown:
        await shown.press("M", *"no", "enter")
        assert shown.app.focused is not None
        assert shown.app.focused.id == "cancel"


async def test_esc_cancels() -> None:
    stored = StoredCluster(well())
    async with console(None, stored=stored) as shown:
        assert "Turn maintenance on" in await shown.press("M")
        assert "Turn maintenance on" not in await shown.press("escape")
        assert not shown.app.view.cluster.maintenance.on


async def test_somebody_else_being_first_is_said_while_it_is_open() -> None:
    async with console(well()) as shown:
        await shown.press("M")
        assert "maintenance is on already, by anna@ops1" in await shown.put(in_maintenance(well()))
