"""The requests that are on their way: each off the screen's thread, its outcome told where it was asked for."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING

from textual.message import Message
from textual.worker import Worker, WorkerState

from pvccore.model.cluster import Cluster
from pvccore.model.errors import PvcError, Unavailable
from pvctui.dialogs.messages import Asked, AskedForMany, OneOfMany

if TYPE_CHECKING:
    from pvctui.app import Console
    from pvctui.requests import Request, Requests


class Finished(Message):
    """One request of those asked for was carried out, or refused."""

    def __init__(self, asked: Asked | AskedForMany, one: OneOfMany, error: PvcError | None) -> None:
        super().__init__()
        self.asked = asked
        self.one = one
        self.error = error


class Errands:
    """Carries out what dialogs ask for; the rows show it meanwhile."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._left: dict[Worker[None], Callable[[PvcError], None]] = {}

    def send(self, asked: Asked | AskedForMany) -> None:
        """Carry them out one after the other; every row shows it until its own outcome is known."""
        left = deque(asked.asked if isinstance(asked, AskedForMany) else [_only_one(asked)])
        self._console.show_on_way(asked.words, *(one.subject for one in left))
        # Another cluster may be looked at meanwhile: what was asked for goes where it was asked.
        requests, seen = self._console.requests, self._console.view.cluster

        def carry_out() -> None:
            while left:
                error = _error_of(requests, left[0].request, self._newest(requests, seen))
                self._console.post_message(Finished(asked, left.popleft(), error))

        def give_up(error: PvcError) -> None:
            for one in left:
                self.finished(Finished(asked, one, error))

        worker = self._console.run_worker(carry_out, thread=True, exit_on_error=False, name=asked.words)
        self._left[worker] = give_up

    def _newest(self, requests: Requests, seen: Cluster) -> Cluster:
        """What is known of the cluster that was asked; the view is read first, for it is swapped last."""
        newest = self._console.view.cluster
        return newest if self._console.requests is requests else seen

    def worker_changed(self, worker: Worker[None]) -> None:
        """A worker that died of a defect is told to the person, in place of a dialog that waits for ever."""
        if worker.is_finished:
            give_up = self._left.pop(worker, None)
            if give_up is not None and worker.state is not WorkerState.SUCCESS:
                crash = worker.error
                give_up(Unavailable(f"the console failed: {type(crash).__name__}: {crash}"))

    def finished(self, message: Finished) -> None:
        """Tell the dialog that asked; when it is closed, tell the person what was refused."""
        console, asked, one, error = self._console, message.asked, message.one, message.error
        console.show_on_way("", one.subject)
        if isinstance(asked, AskedForMany):
            if error is None and console.place is not None:
                console.place.unmark(one.subject)
            if asked.dialog in console.screen_stack:
                asked.dialog.one_finished(one, error)
                return
        elif asked.dialog in console.screen_stack:
            asked.dialog.done() if error is None else asked.dialog.refused(error)
            return
        if error is not None:
            console.tell(f"{asked.words} {one.name}".rstrip() + f": {error}", bad=True)


def _error_of(requests: Requests, request: Request, newest: Cluster) -> PvcError | None:
    """Why a request could not be carried out, on a worker's thread."""
    try:
        requests.carry_out(request, newest)
    except PvcError as refused:
        return refused
    return None


def _only_one(asked: Asked) -> OneOfMany:
    return OneOfMany(subject=asked.subject, name="", request=asked.request)
