from pvccore.model.forecast import Forecast
from pvccore.model.struct import replace
from tests.pvctui.canned import NOW_S, well
from tests.pvctui.console import console


async def test_marking_nodes_asks_what_if_they_died() -> None:
    async with console(well(4, 8), size=(160, 50)) as shown:
        text = await shown.press("7")
        assert "If hv1 died now" in text
        assert "Manager hv1" in text
        text = await shown.press("space", "space")
        assert "If hv1, hv2 died now" in text
        text = await shown.press("asterisk", "asterisk")
        assert "If hv3 died now" in text


async def test_the_fencing_of_a_node_is_the_other_tab() -> None:
    async with console(well(), size=(160, 50)) as shown:
        text = await shown.press("7", "full_stop")
        assert "BMC tested" in text
        assert "What if" in await shown.press("comma")


async def test_on_a_narrow_terminal_enter_opens_what_would_happen() -> None:
    async with console(well(), size=(80, 24)) as shown:
        assert "If hv1, hv2 died now" in await shown.press("7", "space", "space", "enter")
        assert "If hv1" not in await shown.press("escape")


async def test_a_newer_forecast_is_shown_at_once() -> None:
    async with console(well(), size=(120, 40)) as shown:
        assert "not worked out yet" in await shown.press("7")
        fails = Forecast(at=NOW_S, nodes=3, parked={"hv2": 2}, reasons={"hv2": "a: limit hv2"})
        text = await shown.put(replace(well(), forecast=fails))
        assert "does not hold: hv2 would leave 2 VMs parked" in text
        assert "2 parked" in text


async def test_it_can_be_filtered() -> None:
    async with console(well(), size=(120, 40)) as shown:
        await shown.press("7", "slash", *"hv2", "enter")
        assert "1 of 3" in shown.text()
