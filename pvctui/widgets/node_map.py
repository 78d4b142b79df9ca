"""The map of the cluster's nodes: one cell per node, flowing over the width it is given."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Region, Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from pvccore.model.struct import Struct
from pvctui.widgets.cell_text import fit
from pvctui.widgets.meter import bar
from pvctui.widgets.palette import STATES, ink
from pvctui.widgets.rows import Align

BAR_WIDTH = 10
GAP = 2
MOST_LINES_PAINTED_SINGLY = 8
LONGEST_NAME = 16
LONGEST_TEXT = 14


class NodeCell(Struct, frozen=True, kw_only=True):
    """One node on the map: `hv1 ● ███████░░░  8 VMs`; the glyph tells the state before its colour."""

    name: str
    glyph: str
    state: str = ""
    memory_used: float | None = None
    """As a fraction of the node's memory."""
    text: str = ""


class MapGrid(Struct, frozen=True, kw_only=True):
    """How the cells flow: their parts' widths and how many stand side by side."""

    name_width: int
    text_width: int
    across: int

    @property
    def cell_width(self) -> int:
        """The width of one cell with the air to its right."""
        return self.name_width + 3 + BAR_WIDTH + 1 + self.text_width + GAP

    def height(self, cells: int) -> int:
        """How many lines so many cells take."""
        return -(-cells // self.across)

    def place(self, index: int) -> tuple[int, int]:
        """The column and the line of a cell."""
        return index % self.across, index // self.across


def grid_for(names: Iterable[str], width: int, *, text_width: int = LONGEST_TEXT) -> MapGrid:
    """The grid for these nodes in so many cells; at least one stands on a line."""
    name_width = min(LONGEST_NAME, max((len(name) for name in names), default=3))
    one = MapGrid(name_width=name_width, text_width=text_width, across=1)
    across = max(1, (width + GAP) // one.cell_width)
    return MapGrid(name_width=name_width, text_width=text_width, across=across)


def paint_cell(cell: NodeCell, grid: MapGrid, line: Style, state: Style) -> list[Segment]:
    """One cell as styled text, exactly as wide as the grid says."""
    text = fit(cell.text, grid.text_width, Align.LEFT)
    return [
        Segment(fit(cell.name, grid.name_width) + " ", line),
        Segment(fit(cell.glyph, 1) + " ", state),
        Segment(bar(cell.memory_used, BAR_WIDTH) + " ", line),
        Segment(text, state),
        Segment(" " * GAP, line),
    ]


class NodeMap(ScrollView, can_focus=True, inherit_bindings=False):
    """The nodes at a glance; a change of one node paints one line."""

    ALLOW_SELECT = False
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("right", "move(1)", "Next node", show=False, id="map.right"),
        Binding("left", "move(-1)", "Previous node", show=False, id="map.left"),
        Binding("j,down", "move_line(1)", "Node below", show=False, id="map.down"),
        Binding("k,up", "move_line(-1)", "Node above", show=False, id="map.up"),
        Binding("enter", "open", "Open the node", show=False, id="map.open"),
    ]
    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "node-map--line",
        "node-map--cursor",
        *(f"node-map--{state}" for state in STATES),
    }
    DEFAULT_CSS = """
    NodeMap {
        background: $surface;
        color: $foreground;
        scrollbar-background: $surface;
        scrollbar-background-hover: $surface;
        scrollbar-background-active: $surface;
        scrollbar-color: $foreground 20%;
        overflow-x: hidden;
        overflow-y: auto;
        scrollbar-gutter: stable;
        scrollbar-size: 0 1;
        height: auto;
        & > .node-map--cursor { background: $primary 35%; text-style: bold; }
        & > .node-map--ok { color: $text-success; }
        & > .node-map--bad { color: $text-error; }
        & > .node-map--warn { color: $text-warning; }
        & > .node-map--busy { color: $text-primary; }
        & > .node-map--dim { color: $text-muted; }
        & > .node-map--strong { text-style: bold; }
    }
    """

    class NodeSelected(Message):
        """A person opens a node of the map."""

        def __init__(self, node_map: NodeMap, name: str) -> None:
            super().__init__()
            self.node_map = node_map
            self.name = name

        @property
        def control(self) -> NodeMap:
            """The map that says it."""
            return self.node_map

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:  # noqa: A002 (Textual's word)
        super().__init__(id=id, classes=classes)
        self.cursor_name: str | None = None
        self._cells: tuple[NodeCell, ...] = ()
        self._grid = grid_for((), 1)
        self._styles_mixed: dict[str, Style] = {}

    def set_nodes(self, cells: Sequence[NodeCell]) -> None:
        """Show these nodes in this order; only lines that read otherwise are painted."""
        before, self._cells = self._cells, tuple(cells)
        names = [cell.name for cell in self._cells]
        if self.cursor_name not in names:
            self.cursor_name = names[0] if names else None
        if [cell.name for cell in before] != names:
            self._flow()
            return
        pairs = zip(before, self._cells, strict=True)
        self._repaint(index for index, (old, new) in enumerate(pairs) if old != new)

    @property
    def cells(self) -> tuple[NodeCell, ...]:
        """What is shown."""
        return self._cells

    def _flow(self) -> None:
        width = self.scrollable_content_region.width
        self._grid = grid_for((cell.name for cell in self._cells), max(1, width))
        self.virtual_size = Size(width, self._grid.height(len(self._cells)))
        self.refresh(layout=True)

    def _repaint(self, indexes: Iterable[int]) -> None:
        lines = {self._grid.place(index)[1] - self.scroll_offset.y for index in indexes}
        seen = [line for line in lines if 0 <= line < self.size.height]
        if len(seen) > MOST_LINES_PAINTED_SINGLY:
            self.refresh()
        elif seen:
            self.refresh(*(Region(0, line, self.size.width, 1) for line in seen))

    def on_resize(self) -> None:
        """Another width: the cells flow anew."""
        grid = grid_for((cell.name for cell in self._cells), max(1, self.scrollable_content_region.width))
        if grid != self._grid or self.virtual_size.width != self.scrollable_content_region.width:
            self._flow()

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """As many lines as the nodes take in this width."""
        inside = max(1, width - self.styles.scrollbar_size_vertical)
        return grid_for((cell.name for cell in self._cells), inside).height(len(self._cells))

    def notify_style_update(self) -> None:
        """Another theme."""
        super().notify_style_update()
        self._styles_mixed = {}

    def on_focus(self) -> None:
        """The cursor shows."""
        self.refresh()

    def on_blur(self) -> None:
        """The cursor hides."""
        self.refresh()

    def render_line(self, y: int) -> Strip:
        """One line of cells."""
        width, line_style = self.scrollable_content_region.width, self._style("line")
        first = (y + self.scroll_offset.y) * self._grid.across
        segments: list[Segment] = []
        for cell in self._cells[first : first + self._grid.across]:
            segments += self._paint(cell, line_style)
        return Strip(segments).adjust_cell_length(width, line_style)

    def _paint(self, cell: NodeCell, line: Style) -> list[Segment]:
        if self.has_focus and cell.name == self.cursor_name:
            line = self._style("cursor")
        return paint_cell(cell, self._grid, line, line + self._style(cell.state) if cell.state else line)

    def _style(self, name: str) -> Style:
        style = self._styles_mixed.get(name)
        if style is None:
            style = self._styles_mixed[name] = self._mix(name)
        return style

    def _mix(self, name: str) -> Style:
        if name == "cursor":
            style = self.get_component_rich_style("node-map--cursor")
            return style + Style(reverse=True) if self.app.no_color else style
        if name == "line":
            return self.get_component_rich_style("node-map--line")
        return ink(self, f"node-map--{name}") if name in STATES else Style.null()

    # Keys and mouse.

    def action_move(self, steps: int) -> None:
        """Go to a neighbour in reading order."""
        self._go(lambda place: place + steps)

    def action_move_line(self, lines: int) -> None:
        """Go to the node below or above, if there is one."""
        last = len(self._cells) - 1

        def target(place: int) -> int:
            wanted = place + lines * self._grid.across
            return wanted if 0 <= wanted <= last else place

        self._go(target)

    def action_open(self) -> None:
        """Ask the screen to open the node under the cursor."""
        if self.cursor_name is not None:
            self.post_message(self.NodeSelected(self, self.cursor_name))

    def _go(self, target: Callable[[int], int]) -> None:
        names = [cell.name for cell in self._cells]
        if self.cursor_name is None or not names:
            return
        before = names.index(self.cursor_name)
        place = max(0, min(target(before), len(names) - 1))
        self.cursor_name = names[place]
        self._repaint((before, place))
        line = self._grid.place(place)[1]
        top = self.scroll_offset.y
        wanted = min(max(top, line - self.size.height + 1), line)
        if wanted != top:
            self.scroll_to(y=wanted, animate=False, force=True)

    def on_click(self, event: events.Click) -> None:
        """Put the cursor on a node; the second click opens it."""
        offset = event.get_content_offset(self)
        if offset is None:
            return
        across = offset.x // self._grid.cell_width
        index = (offset.y + self.scroll_offset.y) * self._grid.across + across
        if across < self._grid.across and index < len(self._cells):
            event.stop()
            self._go(lambda _place: index)
            if event.chain == 2:  # noqa: PLR2004 (a double click)
                self.action_open()
