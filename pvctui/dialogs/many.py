"""A dialog that asks for the same on many subjects: one list, and one result for each."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from pvccore.model.errors import PvcError
from pvctui.dialogs.dialog import Dialog
from pvctui.dialogs.messages import AskedForMany, OneOfMany
from pvctui.rows.verb_lines import result_lines
from pvctui.rows.view import View


class ManyDialog(Dialog):
    """Stays open until all is known; what failed can be asked for again."""

    def __init__(self, view: View) -> None:
        super().__init__(view)
        self._asked: dict[str, str] = {}
        self._results: dict[str, PvcError | None] = {}

    def ask_many(self, asked: Sequence[OneOfMany], words: str) -> None:
        """Have them carried out one after the other."""
        self.begin(words)
        self._asked = {one.key: one.name for one in asked}
        self._results = {key: error for key, error in self._results.items() if error is None}
        self._tell_results()
        self.post_message(AskedForMany(self, asked, words))

    def left(self, keys: Iterable[str]) -> list[str]:
        """Those of them that have not been done yet."""
        return [key for key in keys if key not in self._results or self._results[key] is not None]

    def one_finished(self, one: OneOfMany, error: PvcError | None) -> None:
        """What came of one of them."""
        self._results[one.key] = error
        if any(key not in self._results for key in self._asked):
            self._tell_results()
            return
        failed = [error for key in self._asked if (error := self._results[key]) is not None]
        if not failed:
            self.done()
            return
        self.refused(failed[0])
        self.tell_again()
        self._tell_results()

    def tell_again(self) -> None:
        """Some were done: what is left may be another plan."""

    def _tell_results(self) -> None:
        told = {key: str(error) if error is not None else "" for key, error in self._results.items()}
        self.say(*result_lines(self._asked, told))
