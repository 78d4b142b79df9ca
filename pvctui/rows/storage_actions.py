"""What can be done about the storage from a row: verbs with what the row already says of their fields."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from pvccore.model.cluster import Cluster
from pvccore.model.errors import PvcError
from pvccore.model.struct import Struct, field, replace
from pvccore.plan.storage import STORAGE_VERBS, StorageVerb, complete
from pvctui.rows.wording import in_console_words

CHOICE = "storage-verb "
NAMES_TO_TYPE = {
    "storage osd remove": "osd",
    "storage pool remove": "pool",
    "storage volume remove": "volume",
}
"""Verb → the field whose value must be typed again before it is carried out."""


ONE_BY_ONE = frozenset({"storage volume rename", "storage volume clone", "storage volume snapshot rename"})
"""Verbs that give a new name: no two rows can have the same."""


class StorageAction(Struct, frozen=True, kw_only=True):
    """A verb with fields that are given by the row, and others that are only proposed.

    others: what further rows give, where it is for many.
    """

    verb: str
    given: Mapping[str, str] = field(default_factory=dict)
    proposed: Mapping[str, str] = field(default_factory=dict)
    others: tuple[Mapping[str, str], ...] = ()

    @property
    def of(self) -> StorageVerb:
        """What it is."""
        return STORAGE_VERBS[self.verb]

    @property
    def each(self) -> tuple[Mapping[str, str], ...]:
        """What every row gives."""
        return (self.given, *self.others)

    @property
    def choice(self) -> str:
        """It in one word, for a menu."""
        others = [dict(one) for one in self.others]
        return CHOICE + json.dumps([self.verb, dict(self.given), dict(self.proposed), others])


def subject_of(given: Mapping[str, str]) -> str:
    """The row that a verb's fields name: `osd 3`, `volume vms/a`, `snapshot vms/a@b`."""
    if "volume" in given and "name" in given:
        return f"snapshot {given['volume']}@{given['name']}"
    kind = next((kind for kind in ("osd", "volume", "pool") if kind in given), "")
    return f"{kind} {given[kind]}" if kind else ""


def action_of_choice(choice: str) -> StorageAction | None:
    """The action behind a menu's choice; None for another kind of choice."""
    if not choice.startswith(CHOICE):
        return None
    verb, given, proposed, others = json.loads(choice.removeprefix(CHOICE))
    return StorageAction(verb=verb, given=given, proposed=proposed, others=tuple(others))


def actions_on(subject: str, cluster: Cluster) -> list[StorageAction]:
    """What fits a row, `osd 3`, `pool vms`, `volume vms/a` or `snapshot vms/a@b`, the harmless first."""
    kind, _, key = subject.partition(" ")
    pool = key.partition("/")[0] or next(iter(sorted(cluster.storage.pools)), "")
    proposed = {"volume": f"{pool}/"} if pool else {}
    if kind == "osd":
        return _osd(key)
    if kind == "pool":
        return [
            *([_on("storage pool set-pgs", pool=key)] if key else []),
            StorageAction(verb="storage volume add", proposed=proposed),
            StorageAction(verb="storage volume upload", proposed=proposed),
            StorageAction(verb="storage pool add"),
            *([_on("storage pool remove", pool=key)] if key else []),
        ]
    if kind == "volume":
        return [*(_volume(key) if key else []), *_new_volumes(proposed), *_removal(key)]
    if kind == "snapshot":
        return _snapshot(key)
    return []


def actions_on_many(subjects: Sequence[str], cluster: Cluster) -> list[StorageAction]:
    """What can be done to each of several rows of one kind with the same words."""
    first, *rest = subjects
    further = [{one.verb: one for one in actions_on(subject, cluster)} for subject in rest]
    return [
        replace(action, others=tuple(one[action.verb].given for one in further))
        for action in actions_on(first, cluster)
        if action.given and action.verb not in ONE_BY_ONE and all(action.verb in one for one in further)
    ]


def every_action() -> list[StorageAction]:
    """Every verb with nothing given, for the palette."""
    return [StorageAction(verb=verb) for verb in STORAGE_VERBS]


def refusal_of(action: StorageAction, cluster: Cluster) -> str:
    """Why it would be refused as far as that is known already; empty when it may be asked for."""
    if not cluster.storage.status.is_known and action.verb.startswith("storage "):
        return "no storage report yet"
    given = {"force": "yes"} if any(one.name == "force" for one in action.of.fields) else {}
    try:
        full = complete(action.of, {**action.given, **given})
    except PvcError:
        return ""  # something is still to be filled in: the form will say
    try:
        action.of.check(cluster, full)
    except PvcError as error:
        return in_console_words(str(error))
    return ""


def _on(verb: str, **given: str) -> StorageAction:
    return StorageAction(verb=verb, given=given)


def _osd(key: str) -> list[StorageAction]:
    on_it = [_on("storage osd in", osd=key), _on("storage osd out", osd=key)] if key else []
    flags = [StorageAction(verb="storage osd set"), StorageAction(verb="storage osd unset")]
    removal = [_on("storage osd remove", osd=key)] if key else []
    return [*on_it, *flags, StorageAction(verb="storage osd add"), *removal]


def _volume(key: str) -> list[StorageAction]:
    pool = key.partition("/")[0]
    return [
        _on("storage volume snapshot add", volume=key),
        _on("storage volume resize", volume=key),
        StorageAction(verb="storage volume clone", given={"volume": key}, proposed={"to": f"{pool}/"}),
        _on("storage volume rename", volume=key),
    ]


def _new_volumes(proposed: Mapping[str, str]) -> list[StorageAction]:
    return [
        StorageAction(verb="storage volume add", proposed=proposed),
        StorageAction(verb="storage volume upload", proposed=proposed),
    ]


def _removal(key: str) -> list[StorageAction]:
    return [_on("storage volume remove", volume=key)] if key else []


def _snapshot(key: str) -> list[StorageAction]:
    volume, _, name = key.rpartition("@")
    if not volume:
        return []
    pool = volume.partition("/")[0]
    return [
        StorageAction(verb="storage volume clone", given={"volume": key}, proposed={"to": f"{pool}/"}),
        _on("storage volume snapshot rename", volume=volume, name=name),
        _on("storage volume snapshot rollback", volume=volume, name=name),
        _on("storage volume snapshot remove", volume=volume, name=name),
    ]
