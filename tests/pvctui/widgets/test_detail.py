from __future__ import annotations

from collections.abc import Sequence

from textual.app import App, ComposeResult

from pvctui.rows.lines import Line
from pvctui.widgets.detail import Words


class WordsApp(App[None]):
    """Words alone on a narrow terminal."""

    def __init__(self) -> None:
        super().__init__()
        self.words = Words(markup=False)
        self.was_laid_out = False

    def compose(self) -> ComposeResult:
        yield self.words

    def on_mount(self) -> None:
        self.words.show_lines([("one",), ("two",)])

    def note_layout(self, _screen: object) -> None:
        self.was_laid_out = True


async def shown(lines: Sequence[Line]) -> tuple[int, bool]:
    """How high these lines are after those two, and whether they had the screen laid out."""
    app = WordsApp()
    async with app.run_test(size=(20, 10)) as pilot:
        await pilot.pause()
        app.screen.screen_layout_refresh_signal.subscribe(app, app.note_layout, immediate=True)
        app.words.show_lines(lines)
        await pilot.pause()
        return app.words.size.height, app.was_laid_out


async def test_other_words_on_as_many_lines_do_not_lay_the_screen_out() -> None:
    assert await shown([("three",), ("four",)]) == (2, False)


async def test_more_lines_get_their_room() -> None:
    assert await shown([("three",), ("four",), ("five",)]) == (3, True)


async def test_a_line_that_is_wrapped_gets_its_room() -> None:
    assert await shown([("three",), ("a line of more than twenty columns",)]) == (3, True)
