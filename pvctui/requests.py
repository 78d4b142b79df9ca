"""What a person asks of the cluster, carried out off the screen's thread by the same verbs as everywhere."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from threading import Event
from time import time
from typing import TYPE_CHECKING, TypeAlias

from pvccore.model.cluster import Cluster
from pvccore.model.errors import Refused
from pvccore.model.struct import Struct
from pvctui.bridge import Feed
from pvctui.rows.fetched import VM_LOG
from pvctui.rows.view import READ_ONLY
from pvctui.verbs import Given, Verb

if TYPE_CHECKING:
    from pvccore.model.log import LogPart
    from pvccore.operations.definitions import NewVm
    from pvccore.operations.operator import Operator, Result

Request: TypeAlias = "Callable[[Operator], Result]"
"""A verb with its arguments; raises one of the five errors."""


class Requests(Struct, frozen=True, kw_only=True):
    """The console's way to the verbs.

    who: person@host, as the journal shows it. wall_clock: seconds, for the journal.
    """

    feed: Feed
    who: str
    read_only: bool = False
    wall_clock: Callable[[], float] = time

    def carry_out(self, request: Request, newest: Cluster) -> Result:
        """Do it, on the thread of a worker. Raises one of the five errors."""
        if self.read_only:
            raise Refused(READ_ONLY)
        return request(self._operator(newest))

    def xml_of(self, uuid: str, newest: Cluster) -> str:
        """A VM's XML as it was defined, read on the thread of a worker. Raises one of the five errors."""
        from pvccore.operations.definitions import dump

        return dump(self._operator(newest), uuid)

    def log_of(self, key: str, after: str, newest: Cluster) -> LogPart:
        """What the daemon that has a log answers, at most 20 s later, on the thread of a worker.

        key: see `rows.fetched`. after: a place in the log, "" for its end. Raises one of the five errors.
        """
        from pvccore.model.log import LINES_MAX
        from pvccore.operations.logs import ask_node_log, ask_vm_log, wait_for_answer

        kind, _, name = key.partition(" ")
        operator = self._operator(newest)
        ask = ask_vm_log if kind == VM_LOG else ask_node_log
        return wait_for_answer(operator, ask(operator, name, lines=LINES_MAX, after=after), Event().wait)

    def _operator(self, newest: Cluster) -> Operator:
        from pvccore.operations.operator import Operator
        from pvccore.operations.reading import load_cluster
        from pvccore.state.session import Session

        store, schema = self.feed.session_store
        session = Session(store, schema, who=self.who, wall_clock=self.wall_clock)
        seen = [newest]

        def cluster() -> Cluster:
            """The snapshot first; after a conflict that is too old, so everything is read anew."""
            return seen.pop() if seen else load_cluster(store, schema)

        return Operator(session=session, cluster=cluster)


def switch_maintenance(*, on: bool, reason: str, noout: bool = False) -> Request:
    """Maintenance on or off; `noout`: Ceph is told, too."""
    from pvccore.operations.cluster import maintenance_off, maintenance_on

    if on:
        return lambda operator: maintenance_on(operator, reason=reason, noout=noout)
    return lambda operator: maintenance_off(operator, reason=reason)


def define_vm(new: NewVm) -> Request:
    """A VM from its XML."""
    from pvccore.operations.definitions import define

    return lambda operator: define(operator, new)


def modify_vm(uuid: str, xml: str, *, restart: bool) -> Request:
    """Another XML for a VM."""
    from pvccore.operations.definitions import modify

    return lambda operator: modify(operator, uuid, xml, restart=restart)


def ask_storage(verb: str, given: Mapping[str, str]) -> Request:
    """A verb on the storage as a task; whoever asks was told what would be lost."""
    from pvccore.operations.storage import ask

    return lambda operator: ask(operator, verb, given, confirmed=True)


def cancel_task(key: str) -> Request:
    """End a task that waits, or ask one that runs to stop."""
    from pvccore.operations.tasks import cancel

    return lambda operator: cancel(operator, key)


def edit_metadata(vm: str, fields: Mapping[str, object], *, move: bool = False) -> Request:
    """Set these metadata fields of a VM; `move` migrates it as well where its new limit forbids its node."""
    from pvccore.operations.metadata import meta

    return lambda operator: meta(operator, vm, fields, move=move)


def request_of(verb: Verb, key: str, given: Given) -> Request:
    """The verb on one VM (by uuid) or node, to be carried out by the operation of its name."""
    if verb.kind == "node":
        return _on_node(verb.name, key, given)
    if verb.takes_texts or verb.name == "remove":
        return _described(verb.name, key, given)
    return _relocation(verb.name, key, given) if verb.takes_target else _on_vm(verb.name, key)


def _on_vm(name: str, uuid: str) -> Request:
    from pvccore.operations import definitions, moves, vms

    operation = {
        "start": vms.start,
        "shutdown": vms.shutdown,
        "restart": vms.restart,
        "stop": vms.stop,
        "disable": vms.disable,
        "unmigrate": moves.unmigrate,
        "undefine": definitions.undefine,
    }[name]
    return lambda operator: operation(operator, uuid)


def _described(name: str, uuid: str, given: Given) -> Request:
    from pvccore.model.metadata import split_words
    from pvccore.operations.definitions import rename
    from pvccore.operations.metadata import tag
    from pvccore.operations.removal import remove

    if name == "rename":
        return lambda operator: rename(operator, uuid, given.text("name"))
    if name == "remove":
        return lambda operator: remove(operator, uuid, force=given.force)
    add, taken = split_words(given.text("add")), split_words(given.text("remove"))
    return lambda operator: tag(operator, uuid, add=add, remove=taken)


def _relocation(name: str, uuid: str, given: Given) -> Request:
    from pvccore.operations.moves import migrate, move

    if name == "move":
        return lambda operator: move(operator, uuid, to=given.to)
    return lambda operator: migrate(operator, uuid, to=given.to, force=given.force)


def _on_node(name: str, node: str, given: Given) -> Request:
    from pvccore.operations import nodes

    if name == "remove":
        return lambda operator: nodes.remove(operator, node, force=given.force)
    operation = {
        "flush": nodes.flush,
        "ready": nodes.ready,
        "fence": nodes.fence,
        "confirmed-off": nodes.confirm_off,
    }[name]
    return lambda operator: operation(operator, node, reason=given.reason)
