"""An operator's seat: who asks, how the newest cluster is got, and how a decision becomes a commit."""

from __future__ import annotations

import uuid
from collections.abc import Callable

from pvccore.model.change import Change
from pvccore.model.cluster import Cluster
from pvccore.model.errors import Conflict, PvcError, Refused, Unavailable
from pvccore.model.record import UNREADABLE
from pvccore.model.struct import Struct
from pvccore.plan.outcome import Goal, Progress, progress
from pvccore.state.session import Session

ATTEMPTS = 5
"""How often a request is decided anew after somebody else was first."""
DOUBT_READINGS = 5
"""How often the store is asked what became of a request whose answer was lost."""


def random_id() -> str:
    """An id that no other request has."""
    return uuid.uuid4().hex


class Operator(Struct, frozen=True, kw_only=True):
    """A person, or what acts for one, before the cluster; built by each front end.

    session: carries who it is. cluster: a recent `Cluster`, at once. reload: the newest one, read from the store, for
    after a conflict or a doubt; without it `cluster` is the newest.
    wait: waits until a goal's progress has ended and returns it; None where nobody can wait (a simulated step).
    new_id: ids of requests and migrations. dry_run: decide and say, but commit nothing.
    """

    session: Session
    cluster: Callable[[], Cluster]
    reload: Callable[[], Cluster] | None = None
    wait: Callable[[Goal, float], Progress] | None = None
    new_id: Callable[[], str] = random_id
    dry_run: bool = False

    @property
    def who(self) -> str:
        """The name in the journal."""
        return self.session.who

    def wall_clock(self) -> float:
        """Seconds, for people to read: the clock that the session stamps the journal with."""
        return self.session.wall_clock()

    def newest(self) -> Cluster:
        """The cluster as the store has it now."""
        return self.cluster() if self.reload is None else self.reload()


class Result(Struct, frozen=True, kw_only=True):
    """What a granted request did, in words; `goal` is what to wait for, `changed` false when it was so already."""

    text: str
    goal: Goal | None = None
    changed: bool = True


class Decision(Struct, frozen=True, kw_only=True):
    """What a verb decided on one cluster value: the change to commit (None: nothing to do) and its result."""

    change: Change | None
    result: Result


def already(text: str, goal: Goal | None = None) -> Decision:
    """The decision that there is nothing to do."""
    return Decision(change=None, result=Result(text=text, goal=goal, changed=False))


def carry_out(operator: Operator, decide: Callable[[Cluster], Decision]) -> Result:
    """Decide on the newest cluster and commit; decide anew after a conflict, five times, then `Conflict`.

    When the answer to a commit was lost, its journal entry is looked for: our own success is never decided upon
    a second time.
    """
    began_at = operator.wall_clock()
    doubtful: Decision | None = None
    lost: PvcError = Conflict("the cluster")
    for attempt in range(ATTEMPTS):
        cluster = operator.cluster() if attempt == 0 else _reloaded(operator, in_doubt=doubtful is not None)
        if doubtful is not None and _is_journalled(cluster, doubtful.change, operator.who, began_at):
            return doubtful.result
        decision = decide(cluster)
        if decision.change is None:
            return decision.result
        _check_readable(decision.change)
        if operator.dry_run:
            return Result(text=f"would do: {decision.change.what}", changed=False)
        try:
            operator.session.commit(decision.change)
        except Conflict as conflict:
            lost = conflict
        except Unavailable as unavailable:
            if not unavailable.in_doubt:
                raise
            lost, doubtful = unavailable, decision
        else:
            return decision.result
    raise lost


def _check_readable(change: Change) -> None:
    """Raise `Refused` when a record that would be written anew can't be read: nobody knows what would be lost."""
    for write in change.writes:
        if write.before is not None and write.before.version == UNREADABLE:
            subject = change.vm or change.node or "the cluster"
            raise Refused(f"{subject}: its {write.kind.replace('_', ' ')} record can't be read; `pvc status` says why")


def _reloaded(operator: Operator, *, in_doubt: bool) -> Cluster:
    """The newest cluster; a doubt asks for it several times, and stays one when the store does not answer."""
    for _ in range(DOUBT_READINGS - 1 if in_doubt else 0):
        try:
            return operator.newest()
        except Unavailable:
            continue
    try:
        return operator.newest()
    except Unavailable as unavailable:
        if not in_doubt:
            raise
        raise Unavailable(f"{unavailable}; whether the request was carried out is not known", in_doubt=True) from None


def _is_journalled(cluster: Cluster, change: Change | None, who: str, since: float) -> bool:
    """Whether the entry that was to be written with `change` is there: by us, not before we began."""
    if change is None:
        return False
    wanted = (who, change.what, change.why, change.vm, change.node)
    return any(
        entry.at >= since and (entry.who, entry.what, entry.why, entry.vm, entry.node) == wanted
        for entry in reversed(cluster.journal)
    )


def progress_now(operator: Operator, goal: Goal) -> Progress:
    """How a request stands now."""
    return progress(operator.newest(), goal)
