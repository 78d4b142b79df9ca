from __future__ import annotations

from rich.cells import cell_len
from textual.app import App, ComposeResult
from textual.strip import Strip

from pvctui.widgets.node_map import NodeCell, NodeMap, grid_for


def node(number: int, *, used: float = 0.5, glyph: str = "●", state: str = "ok", text: str = "8 VMs") -> NodeCell:
    return NodeCell(name=f"hv{number}", glyph=glyph, state=state, memory_used=used, text=text)


class CountingMap(NodeMap):
    painted: list[int]

    def render_line(self, y: int) -> Strip:
        self.painted.append(y)
        return super().render_line(y)


class MapApp(App[None]):
    CSS = "NodeMap { max-height: 10; }"

    def __init__(self, cells: list[NodeCell]) -> None:
        super().__init__()
        self.map = CountingMap()
        self.map.painted = []
        self.opened: list[str] = []
        self._first = cells

    def compose(self) -> ComposeResult:
        yield self.map

    def on_mount(self) -> None:
        self.map.set_nodes(self._first)
        self.map.focus()

    def on_node_map_node_selected(self, message: NodeMap.NodeSelected) -> None:
        self.opened.append(message.name)

    def lines(self) -> list[str]:
        return [strip.text.rstrip() for strip in self.map.render_lines(self.map.size.region)]


def test_as_many_cells_stand_side_by_side_as_fit() -> None:
    assert grid_for(["hv1"], 118).across == 3
    assert grid_for(["hv1"], 10).across == 1
    assert grid_for([], 118).height(0) == 0
    assert grid_for(["hv1"], 118).height(4) == 2


async def test_nodes_flow_over_the_width() -> None:
    app = MapApp([node(1), node(2, used=1.0), node(3, glyph="✗", state="bad", text="12 unknown")])
    async with app.run_test(size=(70, 10)) as pilot:
        await pilot.pause()
        assert app.lines() == [
            "hv1 ● █████░░░░░ 8 VMs           hv2 ● ██████████ 8 VMs",
            "hv3 ✗ █████░░░░░ 12 unknown",
        ]


async def test_a_change_of_one_node_paints_its_line_alone() -> None:
    nodes = [node(number) for number in range(200)]
    app = MapApp(nodes)
    async with app.run_test(size=(70, 10)) as pilot:
        await pilot.pause()
        app.map.painted.clear()
        nodes[2] = node(2, text="9 VMs")
        nodes[199] = node(199, text="9 VMs")
        app.map.set_nodes(nodes)
        await pilot.pause()
        assert app.map.painted == [1]


async def test_keys_move_over_the_map_and_enter_opens() -> None:
    app = MapApp([node(number) for number in range(5)])
    async with app.run_test(size=(70, 10)) as pilot:
        await pilot.press("right", "down", "enter", "left", "enter", "up", "up", "k", "enter", "j", "j", "j", "enter")
        await pilot.pause()
        assert app.opened == ["hv3", "hv2", "hv0", "hv4"]


async def test_the_cursor_stays_on_its_node() -> None:
    app = MapApp([node(1), node(2)])
    async with app.run_test(size=(70, 10)) as pilot:
        await pilot.press("right")
        app.map.set_nodes([node(0), node(1), node(2)])
        assert app.map.cursor_name == "hv2"
        app.map.set_nodes([node(0)])
        assert app.map.cursor_name == "hv0"
        app.map.set_nodes([])
        assert app.map.cursor_name is None


async def test_a_double_click_opens_a_node() -> None:
    app = MapApp([node(1), node(2)])
    async with app.run_test(size=(70, 10)) as pilot:
        await pilot.double_click(app.map, offset=(40, 0))
        await pilot.pause()
        assert app.opened == ["hv2"]


async def test_hostile_names_break_nothing() -> None:
    names = ["bad[/x]", "\x1b[31m", "数据库服务器数据库服务器数据库", "🙂" * 30]
    app = MapApp([NodeCell(name=name, glyph="数", text=name) for name in names])
    async with app.run_test(size=(70, 10)) as pilot:
        await pilot.pause()
        for strip in app.map.render_lines(app.map.size.region):
            assert cell_len(strip.text) == 70
            assert "\x1b" not in strip.text
