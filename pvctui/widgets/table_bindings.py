"""The keys of a live list as a table, so that they can be shown, checked and bound anew by id."""

from __future__ import annotations

from textual.binding import Binding

from pvccore.model.struct import Struct


class TableBinding(Struct, frozen=True, kw_only=True):
    """One thing a live list does by key.

    keys: Textual's names, divided by commas. by_name: it stands in the palette, too.
    label: its word in the footer, "" keeps it out of there.
    """

    id: str
    keys: str
    description: str
    action: str
    by_name: bool = False
    label: str = ""


def _binding(action: str, keys: str, description: str, *, by_name: bool = False, label: str = "") -> TableBinding:
    return TableBinding(
        id=f"table.{action}", keys=keys, description=description, action=action, by_name=by_name, label=label
    )


TABLE_BINDINGS: tuple[TableBinding, ...] = (
    _binding("cursor_down", "j,down", "Down"),
    _binding("cursor_up", "k,up", "Up"),
    _binding("top", "g,home", "Top"),
    _binding("bottom", "end", "Bottom"),
    _binding("half_page_down", "ctrl+d", "Half a page down"),
    _binding("half_page_up", "ctrl+u", "Half a page up"),
    _binding("page_down", "ctrl+f,pagedown", "Page down"),
    _binding("page_up", "ctrl+b,pageup", "Page up"),
    _binding("columns_left", "left", "Columns to the left"),
    _binding("columns_right", "right", "Columns to the right"),
    _binding("open", "enter", "Open", label="open"),
    _binding("mark", "space", "Mark, move down", label="mark"),
    _binding("mark_range", "m", "Begin or end marking a range"),
    _binding("extend_down", "shift+down", "Mark downwards"),
    _binding("extend_up", "shift+up", "Mark upwards"),
    _binding("mark_all", "asterisk", "Mark all or none of what is shown", by_name=True),
    _binding("end_range", "escape", "End marking the range"),
    _binding("sort_left", "less_than_sign", "Sort by the column to the left", by_name=True),
    _binding("sort_right", "greater_than_sign", "Sort by the column to the right", by_name=True),
    _binding("sort_reverse", "s", "Reverse the order", by_name=True),
    _binding("freeze_order", "p", "Freeze the order, values go on", by_name=True),
    _binding("pause", "z", "Pause everything", by_name=True),
    _binding("wide", "w", "Wide columns", by_name=True),
)


def textual_bindings() -> list[Binding]:
    """The table's keys as Textual wants them."""
    return [Binding(entry.keys, entry.action, entry.description, show=False, id=entry.id) for entry in TABLE_BINDINGS]
