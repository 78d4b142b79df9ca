"""Kept plans: what a manager decided lately, each with all that it was decided from, so that it can be decided again.

A plan is a pure function's value. So a file with its inputs is a complete report of a decision that looks wrong:
`pvc simulate --replay FILE` shows what is decided from them, here and now.
"""

from __future__ import annotations

import gzip
import logging
import threading
import time
import zlib
from collections import deque
from collections.abc import Mapping
from pathlib import Path
from typing import Any, get_type_hints

import msgspec

from pvccore.model.cluster import Cluster
from pvccore.model.errors import Invalid
from pvccore.model.struct import Struct, fields, replace
from pvccore.plan import effects
from pvccore.plan.effects import Effect, Outcome, Plan, Power, Step
from pvccore.plan.leftovers import parts_only
from pvccore.plan.watch import Watch

WAITING = 16
"""Plans that may wait to be written; more are too many at once, and the oldest go."""
FILES = 32
MAX_BYTES = 8 * 1024 * 1024
"""Of one file, packed; ten thousand VMs take about one of them. So a quarter of a GB is the most."""
MAX_UNPACKED_BYTES = 256 * 1024 * 1024
REST_PER_WORK = 5.0
"""After a file its writer rests this many times as long as that took: the manager comes first."""
SUFFIX = ".json.gz"

log = logging.getLogger(__name__)


class Decision(Struct, frozen=True, kw_only=True):
    """What one manager decided at one moment, and from what. at: wall clock, for people."""

    by: str
    at: float
    cluster: Cluster
    watch: Watch
    plan: Plan


class KeptPlans:
    """The newest decisions of this daemon's manager as files of a folder, written beside its loops."""

    def __init__(self, folder: Path, by: str) -> None:
        self._folder = folder
        self._by = by
        self._waiting: deque[Decision] = deque(maxlen=WAITING)
        self._wake = threading.Event()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="kept plans", daemon=True)

    def start(self) -> None:
        """Write down from now on."""
        self._thread.start()

    def keep(self, cluster: Cluster, watch: Watch, plan: Plan) -> None:
        """Take note of a decision; at once, and without a look at the disk."""
        self._waiting.append(Decision(by=self._by, at=watch.wall_s, cluster=cluster, watch=watch, plan=plan))
        self._wake.set()

    def stop(self, limit_s: float = 5.0) -> None:
        """Write what waits, and end."""
        self._stopping.set()
        self._wake.set()
        if self._thread.is_alive():
            self._thread.join(limit_s)

    def _run(self) -> None:
        while not self._stopping.is_set():
            self._wake.wait()
            self._wake.clear()
            while self._waiting:
                began_s = time.monotonic()
                self._write(self._waiting.popleft())
                self._stopping.wait(REST_PER_WORK * (time.monotonic() - began_s))

    def _write(self, decision: Decision) -> None:
        try:
            write_decision(self._folder, decision)
        except (OSError, msgspec.MsgspecError) as error:
            log.warning("a plan could not be kept in %s: %s", self._folder, error)


def write_decision(folder: Path, decision: Decision) -> Path | None:
    """One decision as a file, and the oldest files gone; None for one too large to keep."""
    packed = gzip.compress(encoded(decision), compresslevel=1)
    if len(packed) > MAX_BYTES:
        return None
    folder.mkdir(mode=0o750, parents=True, exist_ok=True)
    stamp = time.strftime("%Y%m%dT%H%M%S", time.gmtime(decision.at))
    path = folder / f"plan-{stamp}-{round(decision.at % 1 * 1000):03}{SUFFIX}"
    partial = path.with_suffix(".part")
    partial.write_bytes(packed)
    partial.replace(path)
    for old in sorted(folder.glob(f"plan-*{SUFFIX}"))[:-FILES]:
        old.unlink(missing_ok=True)
    return path


# Documents


class _Done(msgspec.Struct, frozen=True):
    """An effect that has ended, and what became of it."""

    effect: dict[str, Any]
    outcomes: list[Outcome]


class _Document(msgspec.Struct, frozen=True, kw_only=True):
    """The file. plan: in words and plain values, to be compared with what is decided again."""

    by: str
    at: float
    cluster: Cluster
    watch: dict[str, Any]
    in_flight: list[dict[str, Any]]
    outcomes: list[_Done]
    plan: list[dict[str, Any]]


def encoded(decision: Decision) -> bytes:
    """The document of a decision. What no plan looks at stays out: the journal, and the storage but for its parts."""
    watch = decision.watch
    document = _Document(
        by=decision.by,
        at=decision.at,
        cluster=replace(decision.cluster, journal=(), storage=parts_only(decision.cluster.storage)),
        watch={name: getattr(watch, name) for name in _PLAIN},
        in_flight=[_named(effect) for effect in watch.in_flight],
        outcomes=[_Done(effect=_named(effect), outcomes=list(found)) for effect, found in watch.outcomes.items()],
        plan=steps_of(decision.plan),
    )
    return msgspec.json.encode(document, enc_hook=_plain)


def read_decision(path: Path) -> tuple[Decision, list[dict[str, Any]]]:
    """A kept decision without its plan, and that plan as plain values; raises `Invalid` for any other file."""
    try:
        with gzip.open(path) as file:
            data = file.read(MAX_UNPACKED_BYTES)
        document = msgspec.json.decode(data, type=_Document)
        watch = _watch(document)
    except (OSError, EOFError, zlib.error, msgspec.MsgspecError, TypeError, ValueError) as error:
        raise Invalid("replay", str(path), f"is no kept plan: {error}") from None
    decision = Decision(by=document.by, at=document.at, cluster=document.cluster, watch=watch, plan=Plan())
    return decision, document.plan


def steps_of(plan: Plan) -> list[dict[str, Any]]:
    """A plan's steps as the plain values that JSON knows."""
    encoded_steps = msgspec.json.encode([_step(one) for one in plan.steps], enc_hook=_plain)
    found: list[dict[str, Any]] = msgspec.json.decode(encoded_steps)
    return found


def _step(step: Step) -> dict[str, Any]:
    asked = {"effects": [_named(effect) for effect in step.effects]}
    change = step.change
    if change is None:
        return asked
    writes = [{"kind": one.kind, "key": one.key, "after": one.after} for one in change.writes]
    checks = [{"kind": one.kind, "key": one.key, "version": one.version} for one in change.checks]
    return {"what": change.what, "why": change.why, "writes": writes, "checks": checks, **asked}


_HINTS = get_type_hints(Watch)
_PLAIN = tuple(one.name for one in fields(Watch) if one.name not in {"outcomes", "in_flight"})
_Readings = msgspec.defstruct("_Readings", [(name, _HINTS[name]) for name in _PLAIN])
"""What was measured, without the effects, whose many types JSON does not tell apart."""


def _watch(document: _Document) -> Watch:
    measured = msgspec.convert(document.watch, _Readings)
    outcomes = {effect: tuple(_outcome(one) for one in done.outcomes) for effect, done in _effects(document)}
    plain = {name: getattr(measured, name) for name in _PLAIN}
    return Watch(**plain, in_flight=frozenset(map(_effect, document.in_flight)), outcomes=outcomes)


def _effects(document: _Document) -> list[tuple[Effect, _Done]]:
    return [(_effect(done.effect), done) for done in document.outcomes]


def _outcome(outcome: Outcome) -> Outcome:
    """With its value as the loops had it: a reading of power, or a tuple."""
    if isinstance(outcome.value, str):
        return replace(outcome, value=Power(outcome.value))
    return replace(outcome, value=tuple(outcome.value)) if isinstance(outcome.value, list) else outcome


def _named(effect: Effect) -> dict[str, Any]:
    return {"effect": type(effect).__name__} | {one.name: getattr(effect, one.name) for one in fields(effect)}


def _effect(named: Mapping[str, Any]) -> Effect:
    kind = getattr(effects, str(named.get("effect")), None)
    if not (isinstance(kind, type) and issubclass(kind, effects.NodeEffect | effects.VmEffect)):
        raise ValueError(f"{named.get('effect')!r} is no effect")  # noqa: TRY004 - the file's value is what is wrong
    made: Effect = msgspec.convert({name: value for name, value in named.items() if name != "effect"}, kind)
    return made


def _plain(value: object) -> object:
    """What msgspec doesn't know by itself: read-only mappings."""
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"can't keep a {type(value).__name__}")
