"""Readings of the storage: what may be asked of Ceph at once, and what it answered.

What each costs, by Ceph 16 on one core: an overview some 0.5 s of processor time however many volumes there are, and
0.03 s for the names of 2,000 volumes; looking at each of a pool's volumes 5 ms, measuring its use 7 ms *per volume*.
So the names are asked for every time, volumes one by one where something was done to them, and all of a pool only so
often that it takes a small share of the time. Who has a volume open costs 0.08 s each, and is asked of a few at a time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from enum import StrEnum
from typing import Protocol

from nodedaemon.lanes import Lanes
from nodedaemon.loop import Clock
from pvccore.ceph.commands import Commands
from pvccore.ceph.health import MAX_CHARACTERS, parse_status
from pvccore.ceph.locks import Holders, Locks
from pvccore.ceph.osds import parse_osds
from pvccore.ceph.pools import parse_pools
from pvccore.ceph.volumes import Volumes, unopened
from pvccore.model.errors import NotFound, PvcError, Refused, Unavailable
from pvccore.model.storage import Osd, Pool, StorageStatus, Volume, path_of_volume
from pvccore.model.struct import Struct, field, replace

BY_MONITORS = ("status", "df detail", "osd dump", "health detail", "osd metadata", "versions", "osd tree")
BY_THE_MANAGER = ("osd df tree", "osd perf")
"""Asked last: while Ceph has no manager daemon these hang, and its monitors' word is still worth having."""


class Look(StrEnum):
    """What is asked for."""

    OVERVIEW = "overview"
    POOL = "pool"
    USE = "use"
    VOLUMES = "volumes"
    HOLDERS = "holders"


class Wanted(Struct, frozen=True, kw_only=True):
    """One question to the storage; pool and names where it is about those."""

    look: Look
    pool: str = ""
    names: tuple[str, ...] = ()


class Reading(Struct, frozen=True, kw_only=True):
    """The answer to one question.

    names: pool → the names of its volumes (overview). volumes: those asked for (pool, volumes), None for one that is
    gone. used_bytes: volume → bytes (use). holders: volume → who has it open, None for one that is gone (holders).
    """

    wanted: Wanted
    took_s: float = 0.0
    status: StorageStatus = StorageStatus()
    osds: tuple[Osd, ...] = ()
    pools: tuple[Pool, ...] = ()
    names: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    volumes: Mapping[str, Volume | None] = field(default_factory=dict)
    used_bytes: Mapping[str, int] = field(default_factory=dict)
    holders: Mapping[str, Holders | None] = field(default_factory=dict)


Heard = Callable[[Reading | None, str], None]
"""Told the answer, or why there is none; on any thread."""


class StorageReader(Protocol):
    """What asks the storage."""

    def begin(self, wanted: Wanted, heard: Heard) -> None:
        """Ask and return; `heard` is called once, whatever happens."""


class ThreadedReader:
    """Asks on threads of its own: overviews on one, all else on another, each one question at a time."""

    def __init__(self, commands: Commands, clock: Clock) -> None:
        self._commands = commands
        self._clock = clock
        self._lanes = Lanes("storage reader", 2)

    def begin(self, wanted: Wanted, heard: Heard) -> None:
        lane = "overviews" if wanted.look is Look.OVERVIEW else "volumes"
        self._lanes.add(lane, lambda: ask(self._commands, wanted, heard, self._clock.monotonic))

    def stop(self, limit_s: float = 1.0) -> bool:
        """Ask nothing more; whether all that was under way has ended within the limit."""
        return self._lanes.stop(limit_s)


def ask(commands: Commands, wanted: Wanted, heard: Heard, clock: Callable[[], float]) -> None:
    """Ask one question and tell its answer."""
    began_s = clock()
    reading: Reading | None = None
    error = "it broke off; see the daemon's log"
    try:
        reading = _LOOKS[wanted.look](commands, wanted)
        error = ""
    except PvcError as failure:
        error = str(failure)
    finally:
        heard(replace(reading, took_s=round(clock() - began_s, 3)) if reading is not None else None, error)


def _overview(commands: Commands, wanted: Wanted) -> Reading:
    answers = commands.ceph_all(*BY_MONITORS, *BY_THE_MANAGER, may_hang=len(BY_THE_MANAGER))
    status, df, dump, health, metadata, versions, tree, df_tree, perf = answers
    volumes = Volumes(commands=commands)
    listed = list(_all_listed(volumes, parse_pools(df, dump)))
    found = [(pool, names) for pool, names in listed if pool is not None]
    return Reading(
        wanted=wanted,
        status=parse_status(status, df, dump, health, versions),
        osds=parse_osds(df_tree or tree, perf, metadata),
        pools=tuple(replace(pool, volumes=len(names or ())) for pool, names in found),
        names={pool.name: names for pool, names in found if names is not None},
    )


def _all_listed(volumes: Volumes, pools: Iterable[Pool]) -> Iterator[tuple[Pool | None, tuple[str, ...] | None]]:
    """Each pool as `_listed`; once one does not answer, its placement groups being stuck, no other is waited for."""
    silence = ""
    for pool in pools:
        if silence and pool.is_for_volumes:
            yield replace(pool, error=silence), None
            continue
        try:
            yield _listed(volumes, pool)
        except Unavailable as error:
            silence = f"its volumes are not listed: {error}, asked for those of {pool.name}"[:MAX_CHARACTERS]
            yield replace(pool, error=silence), None


def _listed(volumes: Volumes, pool: Pool) -> tuple[Pool | None, tuple[str, ...] | None]:
    """A pool with the names of its volumes; no pool when it has been removed meanwhile, no names where it has none."""
    if not pool.is_for_volumes:
        return pool, None
    try:
        names = volumes.names(pool.name)
        return replace(pool, namespaces=volumes.namespaces(pool.name)), names
    except NotFound:
        return None, None
    except Refused as refused:
        return replace(pool, error=f"its volumes can't be listed: {refused}"[:MAX_CHARACTERS]), None


def _pool(commands: Commands, wanted: Wanted) -> Reading:
    """Every volume; one that is listed before and after, and was not among those that could be opened, is told so."""
    volumes = Volumes(commands=commands)
    before = volumes.names(wanted.pool)
    found: dict[str, Volume | None] = {volume.name: volume for volume in volumes.load(wanted.pool)}
    if missing := set(before) - found.keys():
        found |= {name: unopened(name) for name in missing & set(volumes.names(wanted.pool))}
    return Reading(wanted=wanted, volumes=found)


def _use(commands: Commands, wanted: Wanted) -> Reading:
    return Reading(wanted=wanted, used_bytes=Volumes(commands=commands).used_bytes(wanted.pool))


def _volumes(commands: Commands, wanted: Wanted) -> Reading:
    volumes = Volumes(commands=commands)
    return Reading(wanted=wanted, volumes={name: volumes.look_at(wanted.pool, name) for name in wanted.names})


def _holders(commands: Commands, wanted: Wanted) -> Reading:
    return Reading(wanted=wanted, holders={name: _held(commands, wanted.pool, name) for name in wanted.names})


def _held(commands: Commands, pool: str, name: str) -> Holders | None:
    try:
        return Locks(commands=commands, own_address="").holders(path_of_volume(pool, name))
    except NotFound:
        return None


_LOOKS: Mapping[Look, Callable[[Commands, Wanted], Reading]] = {
    Look.OVERVIEW: _overview,
    Look.POOL: _pool,
    Look.USE: _use,
    Look.VOLUMES: _volumes,
    Look.HOLDERS: _holders,
}
