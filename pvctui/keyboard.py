"""The keyboard of a terminal, where a lone Esc is one as soon as nothing has followed it for ESCDELAY."""

from __future__ import annotations

import os
import select
from codecs import getincrementaldecoder
from collections.abc import Iterator

from textual import constants
from textual._xterm_parser import XTermParser
from textual.drivers.linux_driver import LinuxDriver
from textual.message import Message

STOP_WITHIN_S = 0.1
"""How late the thread may see that the terminal is handed over."""
TIMER_SLACK_S = 0.0002
READ_BYTES = 4096


class Keyboard:
    """Keys out of bytes.

    Textual looks whether an Esc stands alone when its wait for bytes has ended, after 100 ms whatever ESCDELAY says:
    every Esc came that late, and a letter pressed within that time made a key with Alt of both.
    """

    def __init__(self) -> None:
        self._parser = XTermParser()
        self._decode = getincrementaldecoder("utf-8")(errors="replace").decode
        self.wait_s = STOP_WITHIN_S

    def heard(self, read: bytes) -> Iterator[Message]:
        """These bytes came. What had waited for too long when they did has nothing to do with them."""
        yield from self._parser.tick()
        yield from self._parser.feed(text) if (text := self._decode(read)) else ()
        self.wait_s = constants.ESCAPE_DELAY + TIMER_SLACK_S

    def silence(self) -> Iterator[Message]:
        """Nothing came for `wait_s`."""
        yield from self._parser.tick()
        self.wait_s = STOP_WITHIN_S


class PromptDriver(LinuxDriver):
    """Textual's driver for a terminal, with that keyboard."""

    def run_input_thread(self) -> None:
        """Pass on what is typed, until the terminal is handed over or gone."""
        keyboard = Keyboard()
        while not self.exit_event.is_set():
            if not select.select([self.fileno], [], [], keyboard.wait_s)[0]:
                messages = keyboard.silence()
            elif read := os.read(self.fileno, READ_BYTES):
                messages = keyboard.heard(read)
            else:
                return
            for message in messages:
                self.process_message(message)
