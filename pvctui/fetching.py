"""Reading what is not in the snapshot, when somebody looks at it: off the screen's thread, each once at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.message import Message

from pvccore.model.errors import PvcError
from pvctui.rows.fetched import Fetched

if TYPE_CHECKING:
    from pvctui.app import Console


class Read(Message):
    """It was read, or could not be."""

    def __init__(self, key: str, fetched: Fetched) -> None:
        super().__init__()
        self.key = key
        self.fetched = fetched


class Fetching:
    """Reads XML by its key, `xml UUID VERSION`."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._under_way: set[str] = set()

    def want(self, key: str) -> None:
        """Read it, unless that is under way."""
        if key in self._under_way:
            return
        self._under_way.add(key)
        console = self._console
        view, requests = console.view, console.requests

        def read() -> None:
            try:
                fetched = Fetched(text=requests.xml_of(key.split(" ")[1], view.cluster))
            except PvcError as error:
                fetched = Fetched(error=str(error), at_s=view.now_s)
            console.post_message(Read(key, fetched))

        console.run_worker(read, thread=True, exit_on_error=False, name=f"reading {key}")

    def have(self, key: str) -> None:
        """It is known what came of it."""
        self._under_way.discard(key)
