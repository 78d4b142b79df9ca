"""The lines between header and tabs: maintenance while it is on, one per fence, trouble with the connection."""

from __future__ import annotations

from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.message import Message

from pvctui.rows.lines import Line
from pvctui.rows.maintenance_lines import maintenance_banner
from pvctui.rows.node_rows import fenced_nodes
from pvctui.rows.view import View
from pvctui.widgets.line import OneLine

MOST_FENCE_LINES = 4


class FenceLine(OneLine, can_focus=True):
    """One fence under way; Enter shows its steps."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "open", "Steps of the fence", show=False, id="fence.open")
    ]
    DEFAULT_CSS = """
    FenceLine {
        padding: 0 1; background: $error 30%; color: $foreground;
        &:focus { background: $error 55%; text-style: bold; }
        &.-settled { background: $warning 20%; }
    }
    """

    class Opened(Message):
        """A person wants the steps of this fence."""

        def __init__(self, node: str) -> None:
            super().__init__()
            self.node = node

    def __init__(self, *, classes: str | None = None) -> None:
        super().__init__(classes=classes)
        self.node = ""

    def action_open(self) -> None:
        """Ask for the steps."""
        if self.node:
            self.post_message(self.Opened(self.node))

    def on_click(self, event: events.Click) -> None:
        """As Enter."""
        event.stop()
        self.action_open()


class Banners(Vertical):
    """No line at all on a quiet day."""

    DEFAULT_CSS = """
    Banners {
        height: auto;
        & > OneLine { display: none; padding: 0 1; }
        & > OneLine.-shown { display: block; }
        & > #maintenance { background: $warning 30%; color: $foreground; }
        & > #trouble { background: $error 30%; color: $foreground; }
        & > #more-fences { background: $error 20%; color: $foreground; }
    }
    """

    def compose(self) -> ComposeResult:
        """Only those with something to say are shown; lines of fences come as they are needed."""
        yield OneLine(id="trouble")
        yield OneLine(id="maintenance")
        yield OneLine(id="more-fences")

    def take(self, view: View, way_to_steps: str = "") -> None:
        """Show what holds now. way_to_steps: the keys that lead from here to the steps of a fence."""
        trouble = view.link.trouble
        self._say("#trouble", (trouble,) if trouble else None)
        self._say("#maintenance", maintenance_banner(view) if view.cluster.maintenance.on else None)
        self._take_fences(view, way_to_steps)

    def _take_fences(self, view: View, way_to_steps: str) -> None:
        fenced = fenced_nodes(view.cluster)
        if not fenced and not self.query(FenceLine):
            return
        from pvctui.rows.fence_lines import fence_banner

        for index, line in enumerate(self._lines_for(len(fenced))):
            node = fenced[index] if index < len(fenced) else None
            line.node = node.name if node else ""
            line.set_class(node is not None and not node.fence.unfinished, "-settled")
            _put(line, *(() if node is None else (*fence_banner(node, view), ((way_to_steps, "dim"),))))
        more = len(fenced) - MOST_FENCE_LINES
        self._say("#more-fences", (f"and {more} more fences: see Nodes",) if more > 0 else None)

    def _lines_for(self, fences: int) -> list[FenceLine]:
        """The lines there are, at least one for each fence up to the most; new ones are made."""
        lines = list(self.query(FenceLine))
        missing = [FenceLine() for _ in range(min(fences, MOST_FENCE_LINES) - len(lines))]
        if missing:
            self.mount_all(missing, before="#more-fences")
        return lines + missing

    def _say(self, selector: str, line: Line | None) -> None:
        _put(self.query_one(selector, OneLine), *(() if line is None else (line,)))


def _put(widget: OneLine, *parts: Line) -> None:
    widget.set_class(bool(parts), "-shown")
    if parts:
        widget.show(*parts)
