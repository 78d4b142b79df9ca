"""How the console looks: themes by Textual's variables; colour only where it means something."""

from __future__ import annotations

from collections.abc import Mapping

from textual.theme import BUILTIN_THEMES, Theme

from pvccore.model.struct import Struct, field
from pvctui.keys import KeyTable

DARK = Theme(
    name="pvc-dark",
    primary="#5aa9e6",
    secondary="#7a8ba3",
    accent="#7fc8f8",
    warning="#e8b04b",
    error="#e5646e",
    success="#6cc28e",
    foreground="#d5dbe5",
    background="#12161c",
    surface="#161b22",
    panel="#202834",
    dark=True,
)
LIGHT = Theme(
    name="pvc-light",
    primary="#1667a8",
    secondary="#52606d",
    accent="#0b5394",
    warning="#9a6200",
    error="#b3202c",
    success="#1c7a45",
    foreground="#1c232b",
    background="#f2f4f7",
    surface="#ffffff",
    panel="#dfe5ec",
    dark=False,
)
HIGH_CONTRAST = Theme(
    name="pvc-high-contrast",
    primary="#00afff",
    secondary="#ffffff",
    accent="#00ffff",
    warning="#ffff00",
    error="#ff5555",
    success="#00ff5f",
    foreground="#ffffff",
    background="#000000",
    surface="#000000",
    panel="#303030",
    dark=True,
    text_alpha=1.0,
)
THEMES = (DARK, LIGHT, HIGH_CONTRAST)
THEME_NAMES = (*(theme.name for theme in THEMES), *BUILTIN_THEMES)


class Looks(Struct, frozen=True, kw_only=True):
    """What a person chose; what is empty is as the program has it.

    keys: of commands and of lists. columns: per list, the columns shown, in their order. console_command, ssh_command:
    arguments, in which {vm}, {uuid} and {node} stand for what the key was pressed on.
    """

    theme: str = ""
    read_only: bool = False
    keys: KeyTable = field(default_factory=KeyTable)
    columns: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    console_command: tuple[str, ...] = ("ssh", "-t", "{node}", "virsh", "console", "{vm}")
    ssh_command: tuple[str, ...] = ("ssh", "{node}")


PLAIN = Looks()
"""As the program comes."""
