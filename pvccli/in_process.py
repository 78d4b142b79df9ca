"""The command line without a process: verbs on a store that the caller has, as the simulated world needs them."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import count

from pvccli.main import check, run
from pvccore.model.cluster import Cluster
from pvccore.operations.operator import Operator
from pvccore.operations.reading import load_cluster
from pvccore.state.session import Session


class InProcessVerbs:
    """Every verb of `pvc`, confirmed by itself, in the name of a given session; counted ids: runs repeat."""

    def __init__(self) -> None:
        self._ids = count(1)

    def check(self, words: Sequence[str]) -> None:
        """Raise `Invalid` for words that are no command line after `pvc`."""
        check(words)

    def run(self, words: Sequence[str], session: Session) -> None:
        """Carry out a verb; raises any of the five errors."""

        def look() -> Cluster:
            return load_cluster(session.store, session.schema)

        run(words, Operator(session=session, cluster=look, new_id=lambda: f"{next(self._ids):032x}"))
