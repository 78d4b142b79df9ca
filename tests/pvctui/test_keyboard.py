"""Keys out of the bytes of a terminal."""

from __future__ import annotations

import os
from collections.abc import Iterable
from threading import Event

import pytest
from textual import constants, events
from textual.message import Message

from pvctui.keyboard import Keyboard, PromptDriver
from tests.pvctui.canned import well
from tests.pvctui.console import console

AT_ONCE_S, LATE_S = constants.ESCAPE_DELAY / 2, constants.ESCAPE_DELAY * 2


class Clock:
    """What the time is for Textual's parser."""

    def __init__(self) -> None:
        self.now_s = 100.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr("textual._parser.get_time", clock)
    return clock


def keys(messages: Iterable[Message]) -> list[str]:
    return [message.key for message in messages if isinstance(message, events.Key)]


def test_an_esc_is_one_as_soon_as_nothing_followed_it(clock: Clock) -> None:
    keyboard = Keyboard()
    assert keys(keyboard.heard(b"\x1b")) == []
    assert keyboard.wait_s == pytest.approx(constants.ESCAPE_DELAY, abs=0.002)
    clock.now_s += keyboard.wait_s
    assert keys(keyboard.silence()) == ["escape"]


def test_a_letter_long_after_an_esc_is_a_letter(clock: Clock) -> None:
    keyboard = Keyboard()
    assert keys(keyboard.heard(b"\x1b")) == []
    clock.now_s += LATE_S
    assert keys(keyboard.heard(b"s")) == ["escape", "s"]


def test_a_letter_right_behind_an_esc_is_one_with_alt(clock: Clock) -> None:
    keyboard = Keyboard()
    assert keys(keyboard.heard(b"\x1b")) == []
    clock.now_s += AT_ONCE_S
    assert keys(keyboard.heard(b"s")) == []
    clock.now_s += keyboard.wait_s
    assert keys(keyboard.silence()) == ["alt+s"]


def test_an_arrow_and_a_character_may_come_in_pieces(clock: Clock) -> None:
    keyboard = Keyboard()
    assert keys(keyboard.heard(b"\x1b[")) == []
    clock.now_s += AT_ONCE_S
    assert keys(keyboard.heard(b"A\xc3")) == ["up"]
    (key,) = keyboard.heard(b"\xa4")
    assert isinstance(key, events.Key)
    assert key.character == "ä"


def test_nothing_typed_is_no_key(clock: Clock) -> None:
    keyboard = Keyboard()
    clock.now_s += LATE_S
    assert keys(keyboard.silence()) == []


def test_keys_are_passed_on_until_the_terminal_is_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    passed: list[Message] = []
    reading, writing = os.pipe()
    driver = object.__new__(PromptDriver)
    driver.fileno, driver.exit_event = reading, Event()
    monkeypatch.setattr(driver, "process_message", passed.append)
    os.write(writing, b"a\x1b[B")
    os.close(writing)
    driver.run_input_thread()
    os.close(reading)
    assert keys(passed) == ["a", "down"]


async def test_the_console_has_this_keyboard_in_a_terminal() -> None:
    async with console(well()) as shown:
        assert shown.app.driver_class is PromptDriver
