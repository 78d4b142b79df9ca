"""Verbs on the whole cluster: maintenance, settings, init."""

from __future__ import annotations

from pvccore.model.change import Change, Kind, Write
from pvccore.model.cluster import Cluster
from pvccore.model.errors import Invalid
from pvccore.model.naming import natural_items
from pvccore.model.settings import parse_setting
from pvccore.model.struct import replace
from pvccore.model.task import task_key
from pvccore.operations.operator import Decision, Operator, Result, already, carry_out
from pvccore.operations.tasks import NewTask, task_write
from pvccore.plan.bmc_tests import failing_bmcs
from pvccore.plan.outcome import Aim, Goal
from pvccore.plan.storage import storage_verb
from pvccore.state.session import Session, create_tree

MAX_REASON = 256
NOOUT = "noout"
"""Ceph's flag that keeps copies where they are though OSDs are down."""


def maintenance_on(operator: Operator, *, reason: str = "", noout: bool = False) -> Result:
    """Switch maintenance mode on: from now on nobody is fenced. A switch that stands so already is left as it is.

    noout: Ceph is told, too, not to move copies off OSDs that go down; switching maintenance off takes that back.
    """
    return _switch(operator, on=True, reason=reason, noout=noout)


def maintenance_off(operator: Operator, *, reason: str = "") -> Result:
    """Switch maintenance mode off: every absent node gets a fresh grace, and is then fenced."""
    return _switch(operator, on=False, reason=reason)


def told_before_maintenance_ends(cluster: Cluster) -> list[str]:
    """What a person should know before switching maintenance off: who will be fenced, and who could not be."""
    if not cluster.maintenance.on:
        return []
    silent = [name for name, node in natural_items(cluster.nodes) if node.is_silent and not node.fence.proven_off]
    grace_s = cluster.settings.after_maintenance_s
    fenced = [f"{', '.join(silent)} will be fenced unless back within {grace_s:.0f} s."] if silent else []
    return fenced + [f"The BMC of {node.name} fails its test: {node.bmc.error}." for node in failing_bmcs(cluster)]


def set_setting(operator: Operator, name: str, value: object) -> Result:
    """Set one setting of the cluster; raises `Invalid` naming an unknown one or a bad value."""
    parsed = parse_setting(name, value)

    def decide(cluster: Cluster) -> Decision:
        before = cluster.settings
        old = getattr(before, name)
        if old == parsed:
            return already(f"{name} is {parsed} already")
        write = Write(kind=Kind.SETTINGS, key="", before=before, after=replace(before, **{name: parsed}))
        change = Change(writes=(write,), what=f"set {name} to {parsed}", why=f"it was {old}")
        return Decision(change=change, result=Result(text=f"{name} is {parsed}, it was {old}"))

    return carry_out(operator, decide)


def init(session: Session) -> Result:
    """Create the empty tree of a cluster; one that is there already is left as it is."""
    made = create_tree(session)
    return Result(text="the cluster is created" if made else "there is a cluster already", changed=made)


def checked_reason(reason: str) -> str:
    """The words a person gives for the journal; raises `Invalid` when there are too many."""
    if len(reason) > MAX_REASON or not (reason.isprintable() or not reason):
        raise Invalid("reason", reason[:20] + "…", f"must be at most {MAX_REASON} printable characters")
    return reason


def _switch(operator: Operator, *, on: bool, reason: str, noout: bool = False) -> Result:
    word = "on" if on else "off"
    why = checked_reason(reason)
    goal = Goal(aim=Aim.IN_FORCE)
    key = task_key(operator.wall_clock(), operator.new_id())

    def decide(cluster: Cluster) -> Decision:
        before = cluster.maintenance
        if before.on is on:
            by = f", by {before.by}" if before.by else ""
            return already(f"maintenance is {word} already{by}", goal)
        # A flag that a person has set beforehand is theirs: it is neither set again nor taken away afterwards.
        sets_flag = on and noout and NOOUT not in cluster.storage.status.flags
        after = replace(before, on=on, by=operator.who, reason=why, since=operator.wall_clock(), noout=sets_flag)
        writes = [Write(kind=Kind.MAINTENANCE, key="", before=before, after=after)]
        if sets_flag or before.noout:
            writes.append(task_write(operator, cluster, key, _flag_task(on=on)))
        text = f"maintenance {word} now" + (_flag_words(on=on) if len(writes) > 1 else "")
        change = Change(writes=tuple(writes), what=f"maintenance {word}", why=why)
        return Decision(change=change, result=Result(text=text, goal=goal))

    return carry_out(operator, decide)


def _flag_task(*, on: bool) -> NewTask:
    verb = "storage osd set" if on else "storage osd unset"
    given = {"flag": NOOUT}
    return NewTask(verb=verb, title=storage_verb(verb).title_of(given) + " with maintenance", arguments=given)


def _flag_words(*, on: bool) -> str:
    return f"; Ceph's {NOOUT} is being {'set' if on else 'taken away'}"
