"""What is always there: header, banners, tabs, one screen at a time, footer."""

from __future__ import annotations

from collections.abc import Sequence

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.reactive import Reactive
from textual.screen import Screen
from textual.widget import Widget
from textual.widgets import ContentSwitcher

from pvctui.commands import OVERVIEW, Command
from pvctui.look import Looks
from pvctui.rows.view import View
from pvctui.screens import PLACES
from pvctui.screens.place import Place
from pvctui.widgets.banners import Banners
from pvctui.widgets.footer import Footer
from pvctui.widgets.header import Header
from pvctui.widgets.tab_line import TabLine

NARROWEST, LOWEST = 60, 15
WIDTHS = [(0, "-too-narrow"), (NARROWEST, "-narrow"), (100, "-medium"), (120, "-wide")]
HEIGHTS = [(0, "-too-low"), (LOWEST, "-low"), (22, "-usual"), (34, "-tall"), (50, "-very-tall")]
"""From so many columns and lines on, the screen has this class, and the style sheet answers."""
STEPS_HERE, STEPS_FROM_ELSEWHERE = "Enter: steps", "steps: 1, Enter"
"""How a person gets to the steps of a fence: it is the first of the overview's troubles."""


class MainScreen(Screen[object]):
    """What the frame is on, under all dialogs."""

    focused = Reactive[Widget | None](None, repaint=False)
    """Who had the keyboard and who has it paint themselves; Textual has the whole terminal painted again."""


class Frame(Vertical):
    """The frame around the screens; each screen is made when it is first looked at."""

    def __init__(self, looks: Looks) -> None:
        super().__init__(id="frame")
        self._looks = looks
        self.place_name = OVERVIEW

    def compose(self) -> ComposeResult:
        """Empty lines and no screen: they are there before the data."""
        yield Header()
        yield Banners()
        keys = {name: self._looks.keys.command(f"go.{name}") for name in PLACES}
        titles = {name: entry.title for name, entry in PLACES.items()}
        yield TabLine([(name, key.shown_key if key else "", titles[name]) for name, key in keys.items()], id="tabs")
        yield ContentSwitcher(id="places")
        yield Footer()

    @property
    def is_up(self) -> bool:
        """Whether its lines are there: a message may still come when the console is closing."""
        return self.is_attached and bool(self.query(Header)) and bool(self.query("Banners > OneLine"))

    @property
    def place(self) -> Place | None:
        """The screen that is shown; none until the first is made."""
        return next((place for place in self._places if self._is_shown(place)), None)

    @property
    def _places(self) -> Sequence[Place]:
        """The screens that were looked at."""
        return list(self.query(Place))

    def _is_shown(self, place: Place) -> bool:
        return place.id == self.query_one(ContentSwitcher).current

    def point_at(self, name: str, commands: Sequence[Command]) -> None:
        """Say where we are going, and what can be done there."""
        self.place_name = name
        self.query_one(TabLine).mark(name)
        self.query_one(Footer).offer(commands, self._looks.keys.table)

    async def show_place(self, name: str, commands: Sequence[Command]) -> None:
        """Go to a screen, which may have to be made; until it is, the one before is shown."""
        self.point_at(name, commands)
        switcher = self.query_one(ContentSwitcher)
        wanted = f"place-{name}"
        if not switcher.query(f"#{wanted}"):
            made = PLACES[name].make(name)
            made.display = False  # a person may go on before it is there: two screens would share the terminal
            await switcher.mount(made)
            if self._looks.columns:
                from pvctui.lists import choose_columns

                choose_columns(switcher, self._looks.columns)
        if name == self.place_name:  # else a person has gone on meanwhile
            switcher.current = wanted

    def take(self, view: View) -> None:
        """Give the view to the lines and to the screen that is shown; the others note what changed."""
        self.take_lines(view)
        for place in self._places:
            if self._is_shown(place):
                place.take(view)
            else:
                place.note(view)

    def tick(self, view: View) -> None:
        """A second has passed."""
        self.take_lines(view)
        if self.place is not None:
            self.place.tick(view)

    def take_lines(self, view: View) -> None:
        """Give the view to the lines alone; what they say of keys differs from screen to screen."""
        self.query_one(Header).take(view)
        self.query_one(Banners).take(view, STEPS_HERE if self.place_name == OVERVIEW else STEPS_FROM_ELSEWHERE)
        self.query_one(Footer).take(view)
