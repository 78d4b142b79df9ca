"""The words of the rules as a person at the console needs them: ticks and entries instead of options."""

from __future__ import annotations

import re

IN_THE_CONSOLE = (
    ("say --confirmed-off", "choose “Confirm that it is off”"),
    ("--force keeps", "ticking Again keeps"),
    ("--force removes them too", "tick to remove them too"),
    ("to make it smaller cuts its end off, --force", "to make it smaller cuts its end off: tick Force"),
    ("--force rewrites them", "tick to rewrite them"),
    ("--move migrates it as well", "tick that it migrates, too"),
)
"""What the rules say of an option, and the same of what the dialogs offer instead."""
COMMAND = re.compile(r" \((?:pvc |--)[^)]*\)")
OPTION = re.compile(r"--(?=[a-z])")


def in_console_words(text: str) -> str:
    """A refusal without options and commands that only the command line has."""
    if "--" not in text and "(pvc " not in text:
        return text
    for told, here in IN_THE_CONSOLE:
        text = text.replace(told, here)
    return OPTION.sub("", COMMAND.sub("", text))
