"""From snapshots to views: what the console remembers beside the newest snapshot."""

from __future__ import annotations

from collections.abc import Callable

from pvccore.model.cluster import Cluster, Delta
from pvccore.model.struct import replace
from pvctui.bridge import Newest
from pvctui.rows.fetched import Fetched
from pvctui.rows.pulse import Pulse
from pvctui.rows.statuses import StatusBook
from pvctui.rows.view import Link, View

MOST_FETCHED = 20


class Lens:
    """Makes the view that screens are given; `view` is the newest.

    wall_clock: seconds. read_only: whether the console changes nothing.
    """

    def __init__(self, *, wall_clock: Callable[[], float], read_only: bool) -> None:
        self._wall_clock = wall_clock
        self._read_only = read_only
        self._book = StatusBook()
        self._pulse = Pulse()
        self._on_way: dict[str, str] = {}
        self._fetched: dict[str, Fetched] = {}
        self.view = View(cluster=Cluster(), delta=Delta(), book=self._book, pulse=self._pulse, read_only=read_only)

    def take_in(self, newest: Newest) -> View:
        """The view of a newer snapshot."""
        changed = self._book.take_in(newest.cluster, newest.delta)
        self._pulse.take_in(newest.cluster, newest.delta)
        self.view = View(
            cluster=newest.cluster,
            delta=newest.delta,
            book=self._book,
            pulse=self._pulse,
            link=newest.link,
            now_s=self._wall_clock(),
            changed_vms=changed,
            on_way=dict(self._on_way),
            fetched=dict(self._fetched),
            read_only=self._read_only,
        )
        return self.view

    def beat(self, link: Link) -> View:
        """The same snapshot a second later."""
        self._pulse.beat(self.view.cluster)
        return self._still(link=link)

    def put_on_way(self, words: str, subjects: tuple[str, ...]) -> bool:
        """These rows show the command that is on its way, "" for none any more; whether any row reads otherwise."""
        touched = frozenset(key for subject in subjects if (key := subject.partition(" ")[2]))
        for key in touched:
            if words:
                self._on_way[key] = words
            else:
                self._on_way.pop(key, None)
        if touched:
            self._still(on_way=dict(self._on_way), changed_vms=touched, delta=Delta(nodes=touched))
        return bool(touched)

    def put_fetched(self, key: str, fetched: Fetched) -> None:
        """What was read because somebody looks at it; the oldest goes when there is much."""
        self._fetched.pop(key, None)
        if len(self._fetched) >= MOST_FETCHED:
            self._fetched.pop(next(iter(self._fetched)))
        self._fetched[key] = fetched
        subject = frozenset({key.split(" ")[1]})
        self._still(fetched=dict(self._fetched), changed_vms=subject, delta=Delta(nodes=subject))

    def _still(self, **changes: object) -> View:
        """The same snapshot a moment later."""
        nothing: dict[str, object] = {"delta": Delta(), "changed_vms": frozenset(), "now_s": self._wall_clock()}
        self.view = replace(self.view, **(nothing | changes))  # type: ignore[arg-type] # fields by their names
        return self.view
