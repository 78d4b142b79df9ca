"""One line of a form: a label, and what is filled in beside it."""

from __future__ import annotations

from textual.containers import Horizontal
from textual.widget import Widget
from textual.widgets import Label


def field(label: str, *widgets: Widget) -> Horizontal:
    """The label in a column of its own, the widgets to its right."""
    return Horizontal(Label(label, markup=False), *widgets, classes="field")
