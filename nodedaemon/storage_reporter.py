"""The storage reporter: the manager's eye on Ceph; it alone writes what screens and checks know of the storage."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import NamedTuple, Protocol

from nodedaemon.loop import Clock
from nodedaemon.storage_holders import HolderTurns
from nodedaemon.storage_reading import Look, Reading, StorageReader, Wanted
from nodedaemon.storage_records import StorageRecords
from pvccore.ceph.locks import Holders
from pvccore.model.change import Change, Check, Kind
from pvccore.model.cluster import Cluster
from pvccore.model.errors import Conflict, Invalid, Unavailable
from pvccore.model.storage import HealthCheck, Osds, Pool, Pools, StorageStatus, Volume
from pvccore.model.struct import replace
from pvccore.plan.storage import volumes_touched
from pvccore.state.session import Session

REFRESH_EVERY_S = 15.0
"""Between two overviews."""
LEAD_LOOK_S = 1.0
"""How often the reporter looks whether it leads, and what tasks have done."""
POOL_PAUSE = 10.0
"""After looking at all volumes of a pool nothing of that kind is done for so many times as long as it took."""
POOL_EVERY_S = 120.0
"""A pool's volumes are looked at no more often than this, unless they are not known at all."""
USE_PAUSE = 20.0
USE_EVERY_S = 900.0
SOME_VOLUMES = 20
"""Up to so many volumes of a pool are looked at one by one; more are cheaper all together."""
HOLDERS_PAUSE = 20.0
HOLDERS_EVERY_S = 5.0
MAX_REFRESH_S = 60.0
OVERVIEW_PAUSE = 4.0
"""An overview that takes long, with many pools or on a busy machine, is made less often."""
MAX_OSDS = 2000
"""How many OSDs one document holds, at 230 bytes each."""
MAX_POOLS = 500

log = logging.getLogger(__name__)


class Lane(StrEnum):
    """Questions of one lane are asked one by one: health and names never wait for what takes minutes."""

    OVERVIEW = "overview"
    VOLUMES = "volumes"


class Answer(NamedTuple):
    """What became of one question, and under which lease it was asked."""

    lease: str
    wanted: Wanted
    reading: Reading | None
    error: str


def lane_of(wanted: Wanted) -> Lane:
    """The lane that a question is asked in."""
    return Lane.OVERVIEW if wanted.look is Look.OVERVIEW else Lane.VOLUMES


class Leader(Protocol):
    """The manager of the same daemon, as far as its reporter needs it."""

    @property
    def led(self) -> tuple[Cluster, str] | None:
        """The cluster as last seen, and the lease it is led by; None while this daemon does not lead."""


class StorageReporter:
    """Asks the storage one question after another while its daemon leads; every write carries check(lease)."""

    pause_s = 0.2

    def __init__(
        self,
        node: str,
        session: Session,
        clock: Clock,
        reader: StorageReader,
        leader: Leader,
        wake: Callable[[], None],
    ) -> None:
        self._node = node
        self._session = session
        self._clock = clock
        self._reader = reader
        self._leader = leader
        self._wake = wake
        self._records = StorageRecords(session)
        self._asked: set[Lane] = set()
        self._answers: list[Answer] = []
        self._lease = ""
        self._begin_again("")

    def step(self) -> float | None:
        """Write what was heard, and ask what is due."""
        now_s = self._clock.monotonic()
        led = self._leader.led
        if led is None:
            self._lease = ""
            return now_s + LEAD_LOOK_S
        cluster, lease = led
        try:
            if lease != self._lease:
                self._records.load()
                self._begin_again(lease)
            self._note_tasks(cluster)
            while self._answers:
                self._take(self._answers[0])
                self._answers.pop(0)
        except (Conflict, Unavailable):
            self._lease = ""
            raise
        self._ask(now_s, cluster)
        return now_s + LEAD_LOOK_S

    def _begin_again(self, lease: str) -> None:
        self._lease = lease
        self._overview_at_s = self._clock.monotonic()
        self._dear_at_s = self._clock.monotonic()
        self._looked_at_s: dict[str, float] = {}
        self._measured_at_s: dict[str, float] = {}
        self._touched: dict[str, set[str]] = {}
        self._holders_at_s = self._clock.monotonic()
        self._turns = HolderTurns(self._records.documents)
        self._tasks: frozenset[str] | None = None

    # Asking

    def _note_tasks(self, cluster: Cluster) -> None:
        """What tasks have done since is looked at soon: the volumes they were about, and the whole."""
        over = frozenset(key for key, task in cluster.tasks.items() if task.has_ended)
        news = over - self._tasks if self._tasks is not None else frozenset[str]()
        self._tasks = over
        for key in news:
            for pool, name in volumes_touched(cluster.tasks[key]):
                self._touched.setdefault(pool, set()).add(name)
            if cluster.tasks[key].verb.startswith("storage"):
                self._overview_at_s = self._clock.monotonic()

    def _ask(self, now_s: float, cluster: Cluster) -> None:
        """Ask for an overview when it is due, whatever is under way; else one dearer question after another."""
        if Lane.OVERVIEW not in self._asked and now_s >= self._overview_at_s:
            self._begin(Wanted(look=Look.OVERVIEW))
        if not self._asked and not self._records.status.error:
            wanted = self._next(now_s) or self._next_holders(now_s, cluster)
            if wanted is not None:
                self._begin(wanted)

    def _begin(self, wanted: Wanted) -> None:
        self._asked.add(lane_of(wanted))
        lease = self._lease
        self._reader.begin(wanted, lambda reading, error: self._heard(Answer(lease, wanted, reading, error)))

    def _next(self, now_s: float) -> Wanted | None:
        pools = [pool.name for pool in self._records.pools.pools if pool.volumes and not pool.error]
        touched = (self._next_touched(pool, now_s) for pool in list(self._touched) if pool in pools)
        if soon := next((wanted for wanted in touched if wanted is not None), None):
            return soon
        if now_s < self._dear_at_s:
            return None
        return _oldest(pools, self._looked_at_s, now_s - POOL_EVERY_S, Look.POOL) or _oldest(
            pools, self._measured_at_s, now_s - USE_EVERY_S, Look.USE
        )

    def _next_touched(self, pool: str, now_s: float) -> Wanted | None:
        """A few volumes are looked at at once, many with the whole pool: that waits for its share of the time."""
        names = tuple(sorted(self._touched[pool]))
        if len(names) > SOME_VOLUMES and pool in self._looked_at_s and now_s < self._dear_at_s:
            return None
        del self._touched[pool]
        if len(names) <= SOME_VOLUMES:
            return Wanted(look=Look.VOLUMES, pool=pool, names=names)
        return Wanted(look=Look.POOL, pool=pool)

    def _next_holders(self, now_s: float, cluster: Cluster) -> Wanted | None:
        """Who has some volumes of VMs open, as far as there is time for it."""
        if now_s < self._holders_at_s:
            return None
        self._holders_at_s = now_s + HOLDERS_EVERY_S
        pool, names = self._turns.next(cluster, now_s)
        return Wanted(look=Look.HOLDERS, pool=pool, names=names) if names else None

    def _heard(self, answer: Answer) -> None:
        self._answers.append(answer)
        self._wake()

    # Writing

    def _take(self, answer: Answer) -> None:
        wanted, reading = answer.wanted, answer.reading
        self._asked.discard(lane_of(wanted))
        if answer.lease != self._lease:
            return  # somebody else may have led meanwhile
        if reading is None:
            self._failed(wanted, answer.error)
        elif wanted.look is Look.OVERVIEW:
            self._take_overview(reading)
        elif wanted.look is Look.HOLDERS:
            self._take_holders(reading)
        else:
            self._take_volumes(reading)

    def _failed(self, wanted: Wanted, error: str) -> None:
        """Say since when there is no answer; what is known keeps its age."""
        now_s = self._clock.monotonic()
        before = self._records.status
        self._dear_at_s = max(self._dear_at_s, now_s + REFRESH_EVERY_S)
        if wanted.look is Look.OVERVIEW:
            self._overview_at_s = now_s + REFRESH_EVERY_S
            since = before.error_since if before.error else self._clock.wall()
            if before.error != error:
                log.warning("storage: %s", error, extra={"node": self._node})
            self._commit(self._records.status_change(replace(before, error=error, error_since=since, by=self._node)))
        else:
            log.info("%s of pool %s: %s", wanted.look, wanted.pool, error)
            self._holders_at_s = now_s + REFRESH_EVERY_S
            self._overview_at_s = now_s  # it tells whether there is any answer at all
            if wanted.look is Look.VOLUMES:
                self._touched.setdefault(wanted.pool, set()).update(wanted.names)
            else:
                self._looked_at_s[wanted.pool] = self._measured_at_s[wanted.pool] = now_s

    def _take_overview(self, reading: Reading) -> None:
        pause_s = min(MAX_REFRESH_S, max(REFRESH_EVERY_S, reading.took_s * OVERVIEW_PAUSE))
        self._overview_at_s = self._clock.monotonic() + pause_s
        unlisted = {pool.name for pool in reading.pools if pool.error}
        for pool in self._records.pools_with_volumes() - reading.names.keys() - unlisted:
            self._commit(self._records.volumes_changes(pool, {}))
        for pool, names in reading.names.items():
            self._take_names(pool, names)
        self._commit(self._records.osds_change(Osds(osds=reading.osds[:MAX_OSDS])))
        pools = tuple(self._counted(pool) for pool in reading.pools[:MAX_POOLS])
        self._commit(self._records.pools_change(Pools(pools=pools)))
        self._commit(self._records.status_change(self._status(reading)))

    def _counted(self, pool: Pool) -> Pool:
        """A pool that could not be listed has as many volumes as are known."""
        return replace(pool, volumes=len(self._records.volumes(pool.name))) if pool.error else pool

    def _status(self, reading: Reading) -> StorageStatus:
        before = self._records.status
        if before.error:
            log.info("storage answers again", extra={"node": self._node})
        checks = (*_left_out("OSDs", len(reading.osds), MAX_OSDS), *_left_out("pools", len(reading.pools), MAX_POOLS))
        status = replace(reading.status, checks=(*reading.status.checks, *checks))
        return replace(status, at=self._clock.wall(), by=self._node, took_s=reading.took_s)

    def _take_names(self, pool: str, names: tuple[str, ...]) -> None:
        """Forget what is gone; what is new is there by name at once, and looked at soon."""
        known = self._records.volumes(pool)
        new = [name for name in names if name not in known]
        if new:
            self._touched.setdefault(pool, set()).update(new)
        if new or len(names) != len(known):
            volumes = {name: known.get(name) or Volume(name=name) for name in names}
            self._commit(self._records.volumes_changes(pool, volumes))

    def _take_volumes(self, reading: Reading) -> None:
        pool, look, now_s = reading.wanted.pool, reading.wanted.look, self._clock.monotonic()
        known = self._records.volumes(pool)
        if look is Look.USE:
            self._measured_at_s[pool] = now_s
            self._dear_at_s = now_s + reading.took_s * USE_PAUSE
            volumes = _measured(known, reading.used_bytes)
        elif look is Look.POOL:
            self._looked_at_s[pool] = now_s
            self._dear_at_s = now_s + reading.took_s * POOL_PAUSE
            # Which volumes there are the overview tells: it may be newer than this look, which took long.
            volumes = known | _seen(known, {name: reading.volumes.get(name) for name in known})
        else:
            volumes = _seen(known, {**known, **reading.volumes})
        self._commit(self._records.volumes_changes(pool, volumes))

    def _take_holders(self, reading: Reading) -> None:
        """Note who has these open; one that is gone is left to the next look at the names."""
        pool, now_s = reading.wanted.pool, self._clock.monotonic()
        self._holders_at_s = now_s + max(HOLDERS_EVERY_S, reading.took_s * HOLDERS_PAUSE)
        known = self._records.volumes(pool)
        for name, holders in reading.holders.items():
            if holders is not None and name in known:
                known[name] = _held(known[name], holders, self._clock.wall())
        self._commit(self._records.volumes_changes(pool, known))

    def _commit(self, changes: list[Change]) -> None:
        guards = (Check(kind=Kind.LEASE, key=self._lease),)
        for change in changes:
            try:
                self._session.commit(change, guards)
            except Invalid as error:  # one document that can't be stored must not stop all others
                log.warning("storage: %s", error, extra={"node": self._node})
            else:
                self._records.committed(change)


def _oldest(pools: list[str], done_at_s: Mapping[str, float], before_s: float, look: Look) -> Wanted | None:
    """The pool for which that was done the longest ago, if that is long enough."""
    never = float("-inf")
    due = [pool for pool in pools if done_at_s.get(pool, never) <= before_s]
    pool = min(due, key=lambda name: (done_at_s.get(name, never), name), default="")
    return Wanted(look=look, pool=pool) if pool else None


def _measured(known: Mapping[str, Volume], used_bytes: Mapping[str, int]) -> dict[str, Volume]:
    return {name: replace(volume, used_bytes=used_bytes.get(name, volume.used_bytes)) for name, volume in known.items()}


def _seen(known: Mapping[str, Volume], found: Mapping[str, Volume | None]) -> dict[str, Volume]:
    """The volumes as they were found, with what only a dearer look tells kept."""
    return {name: _with_what_was_known(volume, known.get(name)) for name, volume in found.items() if volume is not None}


def _with_what_was_known(volume: Volume, before: Volume | None) -> Volume:
    if before is None:
        return volume
    return replace(
        volume,
        used_bytes=before.used_bytes if volume.used_bytes < 0 else volume.used_bytes,
        lock_holder=volume.lock_holder or (before.lock_holder if volume.is_locked else ""),
        watchers=before.watchers,
        opened_at=before.opened_at,
    )


def _held(volume: Volume, holders: Holders, wall_s: float) -> Volume:
    return replace(
        volume,
        is_locked=bool(holders.locks),
        lock_holder=holders.locks[0].address if holders.locks else "",
        watchers=holders.watchers,
        opened_at=round(wall_s),
    )


def _left_out(what: str, count: int, most: int) -> tuple[HealthCheck, ...]:
    """A complaint of our own where there are more than can be listed."""
    if count <= most:
        return ()
    return (HealthCheck(code="PVC_NOT_LISTED", summary=f"only the first {most:,} of {count:,} {what} are listed"),)
