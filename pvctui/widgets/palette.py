"""The colours of a live list, taken from the theme; a state is told by a word or glyph first."""

from __future__ import annotations

from collections.abc import Mapping

from rich.style import Style
from textual.widget import Widget

from pvccore.model.struct import Struct

STATES = ("ok", "bad", "warn", "busy", "dim", "strong")
"""The names that a cell's state may have; any other is shown without colour."""

TABLE_COMPONENTS = (
    "live-table--line",
    "live-table--header",
    "live-table--header-sorted",
    "live-table--cursor",
    "live-table--cursor-blurred",
    "live-table--marked",
    "live-table--stale",
    *(f"live-table--{state}" for state in STATES),
)

TABLE_CSS = """
TableView {
    background: $surface;
    color: $foreground;
    scrollbar-background: $surface;
    scrollbar-background-hover: $surface;
    scrollbar-background-active: $surface;
    scrollbar-color: $foreground 20%;
    overflow-x: hidden;
    overflow-y: auto;
    scrollbar-gutter: stable;
    scrollbar-size-vertical: 1;
    & > .live-table--header { color: $text-muted; text-style: bold; }
    & > .live-table--header-sorted { color: $foreground; text-style: bold; }
    & > .live-table--cursor { background: $primary 35%; text-style: bold; }
    & > .live-table--cursor-blurred { background: $foreground 12%; }
    & > .live-table--marked { background: $accent 18%; }
    & > .live-table--stale { color: $text-disabled; }
    & > .live-table--ok { color: $text-success; }
    & > .live-table--bad { color: $text-error; }
    & > .live-table--warn { color: $text-warning; }
    & > .live-table--busy { color: $text-primary; }
    & > .live-table--dim { color: $text-muted; }
    & > .live-table--strong { text-style: bold; }
}
"""


class Look(Struct, frozen=True, kw_only=True):
    """What a line shows beside its row: it is under the cursor, marked, or its data is old."""

    cursor: bool = False
    focused: bool = False
    marked: bool = False
    stale: bool = False


class Palette(Struct, frozen=True, kw_only=True):
    """The styles of a live list under the theme in force; state colours come on top of the line's."""

    line: Style
    marked: Style
    cursor: Style
    cursor_blurred: Style
    header: Style
    header_sorted: Style
    stale: Style
    states: Mapping[str, Style]

    def line_style(self, look: Look) -> Style:
        """The style of a whole line, air included."""
        style = self.line
        if look.marked:
            style += self.marked
        if look.cursor:
            style += self.cursor if look.focused else self.cursor_blurred
        return style + self.stale if look.stale else style

    def cell_style(self, state: str, line: Style, look: Look) -> Style:
        """The style of one cell; old data has no colours, only words."""
        if look.stale or not state:
            return line
        found = self.states.get(state)
        return line if found is None else line + found


def mix_palette(widget: Widget) -> Palette:
    """The palette under the theme in force; without colours the cursor is shown reversed."""
    component = widget.get_component_rich_style
    cursor = component("live-table--cursor")
    if widget.app.no_color:
        cursor += Style(reverse=True)
    return Palette(
        line=component("live-table--line"),
        cursor=cursor,
        cursor_blurred=component("live-table--cursor-blurred"),
        marked=component("live-table--marked"),
        header=component("live-table--header"),
        header_sorted=component("live-table--header-sorted"),
        stale=ink(widget, "live-table--stale"),
        states={state: ink(widget, f"live-table--{state}") for state in STATES},
    )


def ink(widget: Widget, component: str) -> Style:
    """A component's style without its background, which is the line's."""
    style = widget.get_component_rich_style(component)
    return Style(color=style.color, bold=style.bold, dim=style.dim, italic=style.italic)
