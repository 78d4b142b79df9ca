"""The real program in a real terminal."""

import shlex
import sys
from pathlib import Path

import pytest

from tests.pvctui.terminal import TRUE_COLOUR, terminal_with

pytestmark = pytest.mark.pty
DEMO = [sys.executable, "-m", "pvctui", "--demo", "--nodes", "3", "--vms", "6"]
SHELL = ["sh", "-c", "exec bash --norc --noprofile -i <{tty} >{tty} 2>&1"]


def test_the_demo_shows_a_cluster_answers_keys_and_ends_in_good_order() -> None:
    with terminal_with(DEMO) as terminal:
        terminal.wait_for(lambda: "● live" in terminal.text() and "3/3" in terminal.text())
        terminal.press("3")
        terminal.wait_for(lambda: "STATUS" in terminal.text() and "running" in terminal.text())
        terminal.press("M")
        terminal.wait_for(lambda: "Turn maintenance on" in terminal.text())
        terminal.press("\x1b")
        terminal.read_for(0.5)
        terminal.press_until("2", lambda: "READINESS" in terminal.text())
        terminal.press("q")
        terminal.wait_for(lambda: terminal.program.poll() is not None)
        assert terminal.program.returncode == 0


def test_the_screen_is_handed_over_to_the_serial_console_and_taken_back(tmp_path: Path) -> None:
    looks = tmp_path / "tui.toml"
    looks.write_text('console_command = ["sh", "-c", "echo console of $0 on $1; read answer", "{vm}", "{node}"]')
    with terminal_with([*DEMO, "--looks", str(looks)]) as terminal:
        terminal.wait_for(lambda: "● live" in terminal.text() and "3/3" in terminal.text())
        terminal.press("3")
        terminal.wait_for(lambda: "STATUS" in terminal.text() and "running" in terminal.text())
        terminal.press("v")
        terminal.wait_for(lambda: "console of " in terminal.text() and " on hv" in terminal.text())
        terminal.press("done\r")
        terminal.wait_for(lambda: "STATUS" in terminal.text())
        terminal.press("q")
        terminal.wait_for(lambda: terminal.program.poll() is not None)
        assert terminal.program.returncode == 0


def test_it_goes_into_the_background_of_a_shell_and_comes_back() -> None:
    with terminal_with(SHELL) as terminal:
        terminal.press(shlex.join(DEMO) + "\r")
        terminal.wait_for(lambda: "● live" in terminal.text() and "3/3" in terminal.text())
        terminal.press("\x1a")
        terminal.wait_for(lambda: "Stopped" in terminal.text())
        terminal.press("echo $((6 * 7))\r")
        terminal.wait_for(lambda: "42" in terminal.text())
        terminal.press("fg\r")
        terminal.wait_for(lambda: "Needs attention" in terminal.text())
        terminal.press("2")
        terminal.wait_for(lambda: "READINESS" in terminal.text())
        terminal.press("q")
        terminal.wait_for(lambda: "bash-" in terminal.text())


def test_a_filter_typed_in_one_go_stands_in_the_filter_and_asks_for_nothing() -> None:
    with terminal_with(DEMO) as terminal:
        terminal.wait_for(lambda: "● live" in terminal.text() and "3/3" in terminal.text())
        terminal.press("2/XFRq")
        terminal.wait_for(lambda: "nothing matches the filter" in terminal.text())
        assert "Type the name" not in terminal.text()
        terminal.press("\x11")
        terminal.wait_for(lambda: terminal.program.poll() is not None)


def test_without_colours_states_are_told_by_word_and_glyph() -> None:
    with terminal_with(DEMO, TRUE_COLOUR | {"NO_COLOR": "1"}) as terminal:
        terminal.wait_for(lambda: "● live" in terminal.text() and "3/3" in terminal.text())
        terminal.press("3")
        terminal.wait_for(lambda: "● running" in terminal.text())
        assert terminal.colours()
        assert all(red == green == blue for red, green, blue in terminal.colours())
        terminal.press("q")
        terminal.wait_for(lambda: terminal.program.poll() is not None)


@pytest.mark.parametrize(
    "settings", [{"TERM": "dumb"}, {"TERM": "no-such-terminal"}, {}], ids=["dumb", "strange", "no"]
)
def test_a_terminal_that_tells_nothing_of_itself_is_drawn_on_all_the_same(settings: dict[str, str]) -> None:
    with terminal_with(DEMO, settings) as terminal:
        terminal.wait_for(lambda: "● live" in terminal.text() and "3/3" in terminal.text())
        terminal.press("2")
        terminal.wait_for(lambda: "READINESS" in terminal.text())
        terminal.press("q")
        terminal.wait_for(lambda: terminal.program.poll() is not None)
        assert terminal.program.returncode == 0
