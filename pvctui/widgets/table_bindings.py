"""The keys of a live list as a table, so that they can be shown, checked and bound anew by id."""

from __future__ import annotations

from textual.binding import Binding

from pvccore.model.struct import Struct


class TableBinding(Struct, frozen=True, kw_only=True):
    """One thing a live list does by key; `keys` are Textual's names, divided by commas."""

    id: str
    keys: str
    description: str
    action: str


def _binding(action: str, keys: str, description: str) -> TableBinding:
    return TableBinding(id=f"table.{action}", keys=keys, description=description, action=action)


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
    _binding("open", "enter", "Open"),
    _binding("mark", "space", "Mark, move down"),
    _binding("mark_range", "m", "Begin or end marking a range"),
    _binding("extend_down", "shift+down", "Mark downwards"),
    _binding("extend_up", "shift+up", "Mark upwards"),
    _binding("mark_all", "asterisk", "Mark all or none of what is shown"),
    _binding("end_range", "escape", "End marking the range"),
    _binding("sort_left", "less_than_sign", "Sort by the column to the left"),
    _binding("sort_right", "greater_than_sign", "Sort by the column to the right"),
    _binding("sort_reverse", "s", "Reverse the order"),
    _binding("freeze_order", "p", "Freeze the order, values go on"),
    _binding("pause", "z", "Pause everything"),
    _binding("wide", "w", "Wide columns"),
)


def textual_bindings() -> list[Binding]:
    """The table's keys as Textual wants them."""
    return [Binding(entry.keys, entry.action, entry.description, show=False, id=entry.id) for entry in TABLE_BINDINGS]
