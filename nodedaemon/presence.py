"""Presence: a daemon registers its node, says that it lives, and says goodbye."""

from __future__ import annotations

from nodedaemon.identity import Identity
from pvccore.model.change import Change, Kind, Write
from pvccore.model.cluster import LocalView
from pvccore.model.errors import Refused
from pvccore.model.fence import Fence
from pvccore.model.node import Goodbye, GoodbyeReason, Node, NodeConfig, Presence, Readiness
from pvccore.model.record import NEW, Record
from pvccore.model.struct import replace
from pvccore.state.session import Session


def registration(view: LocalView, identity: Identity) -> Change | None:
    """What must be written before this daemon may live; None when all is there. Raises Refused for another machine."""
    node = view.node
    stored = node.config
    if stored.version != NEW and stored.machine_id != identity.config.machine_id:
        raise Refused(
            f"node {node.name} is machine {stored.machine_id}, this is machine {identity.config.machine_id}: "
            f"give it another name, or retire the old one with `pvc node remove {node.name}`"
        )
    records: tuple[tuple[Kind, Record, Record], ...] = (
        (Kind.NODE_CONFIG, stored, _config(stored, identity.config)),
        (Kind.READINESS, node.readiness, node.readiness if node.readiness.version != NEW else Readiness()),
        (Kind.FENCE, node.fence, node.fence if node.fence.version != NEW else Fence()),
    )
    writes = tuple(
        Write(kind=kind, key=node.name, before=before if before.version != NEW else None, after=after)
        for kind, before, after in records
        if before.version == NEW or before != after
    )
    if not writes:
        return None
    what = f"node {node.name} registered" if stored.version == NEW else f"node {node.name} configured anew"
    return Change(writes=writes, what=what, why=f"machine {identity.config.machine_id}", node=node.name)


def _config(stored: NodeConfig, wanted: NodeConfig) -> NodeConfig:
    return replace(wanted, version=stored.version, zxid=stored.zxid, extra=stored.extra)


def presence_of(identity: Identity, before: Presence, maintenance_version: int) -> Presence:
    """The presence of a daemon that starts: no goodbye, nothing cleaned yet."""
    return Presence(
        version=before.version,
        zxid=before.zxid,
        extra=before.extra,
        boot_id=identity.boot_id,
        daemon_id=identity.daemon_id,
        watchdog_armed=identity.watchdog_armed,
        maintenance_acknowledged=maintenance_version,
    )


def announce(session: Session, view: LocalView, identity: Identity) -> str:
    """Register the node and say that its daemon lives; returns the token of `alive`."""
    change = registration(view, identity)
    if change is not None:
        session.commit(change)
    before = view.node.presence
    after = presence_of(identity, before, view.maintenance.version)
    what = _what(view.node, identity)
    return session.announce(
        view.node.name, before if before.version != NEW else None, after, what=what, why=f"boot {identity.boot_id[:8]}"
    )


def _what(node: Node, identity: Identity) -> str:
    if node.presence.boot_id != identity.boot_id:
        return f"node {node.name} is up"
    if node.presence.daemon_id != identity.daemon_id:
        return f"daemon of {node.name} is up"
    return f"daemon of {node.name} is back"


def say_goodbye(session: Session, view: LocalView, identity: Identity, reason: GoodbyeReason) -> Presence:
    """Leave in good order; only a daemon that is alive can. Returns the presence that stands then."""
    before = view.node.presence
    if not view.alive or before.daemon_id != identity.daemon_id:
        return before
    after = replace(before, goodbye=Goodbye(boot_id=identity.boot_id, reason=reason), watchdog_armed=False)
    why = "its VMs keep running" if reason is GoodbyeReason.DAEMON_STOP else "the host is being shut down"
    session.say_goodbye(view.node.name, view.alive, before, after, what=f"{view.node.name} said goodbye", why=why)
    return after
