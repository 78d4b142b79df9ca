"""The verbs on the storage as a daemon carries them out: checked again by what Ceph says now, then done.

What takes long is done under a part's name, and gets its own only once it is whole.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from threading import Event
from typing import Protocol

from nodedaemon.storage_leftovers import Leftovers
from nodedaemon.task_runner import TaskVerb, Work
from pvccore.ceph.blocklist import Blocklist
from pvccore.ceph.commands import Commands
from pvccore.ceph.locks import Locks
from pvccore.ceph.osds import Osds, add_osd, parse_osds
from pvccore.ceph.pools import Pools
from pvccore.ceph.snapshots import Snapshots
from pvccore.ceph.volumes import Volumes
from pvccore.model.cluster import Cluster
from pvccore.model.errors import NotFound, PvcError, Refused, Unavailable
from pvccore.model.storage import Snapshot, Volume, parse_size, part_name, path_of_volume, size_words, split_volume_path
from pvccore.model.struct import Struct, field, replace
from pvccore.plan.leftovers import DISCARD
from pvccore.plan.openers import address_words, nodes_by_address
from pvccore.plan.storage import storage_verb
from pvccore.plan.storage_checks import Given, check_room, is_forced, path_given, users_of

DRAIN_LOOK_S = 2.0
DRAIN_STUCK_S = 3600.0
"""An OSD of which nothing moves away for this long is given up; it is taken in again."""
STOP_LIMIT_S = 60.0
SERVICE_LIMIT_S = 30.0
"""After its service has ended an OSD is down at once, unless something else runs it."""


class Guests(Protocol):
    """The domains of this node, as far as their disks are concerned."""

    def resize_disk(self, uuid: str, volume: str, size_bytes: int) -> None:
        """Tell a running guest that its disk has another size now."""


class StorageTasks(Struct, frozen=True, kw_only=True):
    """What this node can do to the storage. cluster: the newest, read from the store.

    own_address: this node's storage address. pause: waits that many seconds.
    """

    commands: Commands
    cluster: Callable[[], Cluster]
    guests: Guests
    own_address: str
    pause: Callable[[float], object] = field(default_factory=lambda: Event().wait)

    @property
    def verbs(self) -> Mapping[str, TaskVerb]:
        """Verb → what carries it out; each checks first."""
        table: Mapping[str, Callable[[Work, Cluster, Given], str]] = {
            "storage osd add": self._osd_add,
            "storage osd remove": self._osd_remove,
            "storage osd in": self._osd_in,
            "storage osd out": self._osd_out,
            "storage osd set": self._flag_set,
            "storage osd unset": self._flag_unset,
            "storage pool add": self._pool_add,
            "storage pool remove": self._pool_remove,
            "storage pool set-pgs": self._pool_set_pgs,
            "storage volume add": self._volume_add,
            "storage volume upload": self._volume_upload,
            "storage volume clone": self._volume_clone,
            "storage volume resize": self._volume_resize,
            "storage volume rename": self._volume_rename,
            "storage volume remove": self._volume_remove,
            "storage volume snapshot add": self._snapshot_add,
            "storage volume snapshot rename": self._snapshot_rename,
            "storage volume snapshot rollback": self._snapshot_rollback,
            "storage volume snapshot remove": self._snapshot_remove,
            "vm flush-locks": self._flush_locks,
        }
        leftovers = Leftovers(commands=self.commands, cluster=self.cluster, pause=self.pause)
        return {DISCARD: leftovers.discard} | {verb: self._checked(verb, call) for verb, call in table.items()}

    def _checked(self, verb: str, call: Callable[[Work, Cluster, Given], str]) -> TaskVerb:
        def carry_out(work: Work) -> str:
            given = work.task.arguments
            cluster = self._fresh(given)
            storage_verb(verb).check(cluster, given)
            return call(work, cluster, given)

        return carry_out

    def _fresh(self, given: Given) -> Cluster:
        """The cluster with what Ceph says now of everything that the verb is about."""
        cluster = self.cluster()
        storage = replace(
            cluster.storage,
            status=replace(cluster.storage.status, at=max(1.0, cluster.storage.status.at)),
            pools=Pools(commands=self.commands).load(),
        )
        if "osd" in given or "device" in given:
            tree, metadata = self.commands.ceph_all("osd df tree", "osd metadata")
            storage = replace(storage, osds={osd.id: osd for osd in parse_osds(tree, None, metadata)})
        for place in ("volume", "to"):
            pool, name = split_volume_path(given.get(place, "").partition("@")[0])
            if name and pool in storage.pools:
                volumes = self._with(storage.volumes.get(pool, {}), pool, name)
                storage = replace(storage, volumes={**storage.volumes, pool: volumes})
        return replace(cluster, storage=storage)

    def _with(self, known: Mapping[str, Volume], pool: str, name: str) -> dict[str, Volume]:
        volumes = dict(known)
        found = self._volumes.look_at(pool, name)
        if found is None:
            volumes.pop(name, None)
        else:
            used_bytes = known[name].used_bytes if name in known else -1
            volumes[name] = replace(found, used_bytes=used_bytes)
        return volumes

    @property
    def _volumes(self) -> Volumes:
        return Volumes(commands=self.commands)

    @property
    def _snapshots(self) -> Snapshots:
        return Snapshots(commands=self.commands)

    @property
    def _osds(self) -> Osds:
        return Osds(commands=self.commands)

    # OSDs

    def _osd_add(self, work: Work, _cluster: Cluster, given: Given) -> str:
        work.tell(-1, f"preparing {given['device']}")
        number = add_osd(self.commands, given["device"], given.get("class", ""))
        return f"OSD {number} of {given['node']} is made of {given['device']}"

    def _osd_remove(self, work: Work, cluster: Cluster, given: Given) -> str:
        osd = cluster.storage.osd(int(given["osd"]))
        if osd.is_in:
            self._osds.take_out(osd.id)
        try:
            self._drain(work, osd.id)
            self._stop_osd(osd.id, here=osd.node == work.task.runs_on)
        except PvcError:
            if osd.is_in:
                self._osds.take_in(osd.id)
            raise
        self._osds.purge(osd.id)
        done = f"OSD {osd.id} is forgotten; its device on {osd.node or 'its node'} still has its data"
        if osd.node != work.task.runs_on:
            return f"{done}, and the node its service"
        try:
            self.commands.osd_ended(osd.id)
        except PvcError as error:
            return f"{done}; its service could not be taken away: {error}"
        return done

    def _drain(self, work: Work, osd: int) -> None:
        """Wait until every copy on it exists elsewhere; raises `Refused` when stopped or when nothing moves.

        Right after it went out Ceph may call it safe to destroy by figures that are older: it must be idle, too.
        """
        most = left = self._osds.pgs_left(osd)
        still_s = 0.0
        while True:
            try:
                self._osds.check_safe_to_destroy(osd)
                self._osds.check_ok_to_stop(osd)
            except Refused as refused:
                reason = refused
            else:
                return
            if not work.tell(1 - left / most if most else 0.0, f"{left} placement groups to move"):
                raise Refused("cancelled; it is in again")
            if still_s >= DRAIN_STUCK_S:
                raise Refused(f"nothing has moved for {DRAIN_STUCK_S:.0f} s: {reason}")
            self.pause(DRAIN_LOOK_S)
            before, left = left, self._osds.pgs_left(osd)
            most = max(most, left)
            still_s = 0.0 if left != before else still_s + DRAIN_LOOK_S

    def _stop_osd(self, osd: int, *, here: bool) -> None:
        """End its daemon: by its service, where that runs on this node.

        Ceph may keep its own order to stop for the number, beyond the OSD: the next one that has it never comes up.
        """
        if here and self._is_ended_by_its_service(osd):
            return
        self._osds.stop(osd)
        if not self._is_down_within(osd, STOP_LIMIT_S):
            raise Unavailable(f"the daemon of OSD {osd} did not end within {STOP_LIMIT_S:.0f} s")

    def _is_ended_by_its_service(self, osd: int) -> bool:
        try:
            self.commands.osd_halted(osd)
        except PvcError:
            return False  # something else runs it, such as a container
        return self._is_down_within(osd, SERVICE_LIMIT_S)

    def _is_down_within(self, osd: int, limit_s: float) -> bool:
        waited_s = 0.0
        while self._osds.is_up(osd):
            if waited_s >= limit_s:
                return False
            self.pause(DRAIN_LOOK_S)
            waited_s += DRAIN_LOOK_S
        return True

    def _osd_in(self, _work: Work, _cluster: Cluster, given: Given) -> str:
        self._osds.take_in(int(given["osd"]))
        return f"OSD {given['osd']} is in"

    def _osd_out(self, _work: Work, _cluster: Cluster, given: Given) -> str:
        self._osds.take_out(int(given["osd"]))
        return f"OSD {given['osd']} is out; its copies are moved elsewhere"

    def _flag_set(self, _work: Work, _cluster: Cluster, given: Given) -> str:
        self._osds.set_flag(given["flag"])
        return f"{given['flag']} is set"

    def _flag_unset(self, _work: Work, _cluster: Cluster, given: Given) -> str:
        self._osds.unset_flag(given["flag"])
        return f"{given['flag']} is not set"

    # Pools

    def _pool_add(self, _work: Work, _cluster: Cluster, given: Given) -> str:
        numbers = (int(given[name]) for name in ("pgs", "replicas", "replicas_min"))
        Pools(commands=self.commands).add(given["pool"], *numbers)
        return f"pool {given['pool']} is made"

    def _pool_remove(self, _work: Work, _cluster: Cluster, given: Given) -> str:
        pool, pools = given["pool"], Pools(commands=self.commands)
        held = pools.held(pool)
        if held and not is_forced(given):
            raise Refused(f"pool {pool} has {', '.join(held)}; --force removes them too")
        if clones := self._clones_elsewhere(pool):
            raise Refused(f"pool {pool} has snapshots on which {', '.join(clones[:3])} hang")
        pools.remove(pool)
        return f"pool {pool} is removed"

    def _clones_elsewhere(self, pool: str) -> list[str]:
        """What of other pools would be lost with this one: Ceph removes a pool without asking."""
        based = [path_of_volume(pool, one.name) for one in self._volumes.load(pool) if one.snapshots]
        clones = (clone for volume in based for clone in self._snapshots.clones(volume))
        return [clone for clone in clones if split_volume_path(clone)[0] != pool]

    def _pool_set_pgs(self, _work: Work, _cluster: Cluster, given: Given) -> str:
        Pools(commands=self.commands).set_pgs(given["pool"], int(given["pgs"]))
        return f"pool {given['pool']} goes to {given['pgs']} placement groups, little by little"

    # Volumes

    def _volume_add(self, _work: Work, _cluster: Cluster, given: Given) -> str:
        self._volumes.add(given["volume"], parse_size(given["size"]))
        return f"volume {given['volume']} is made"

    def _volume_upload(self, work: Work, cluster: Cluster, given: Given) -> str:
        image = self._volumes.image_file(given["path"])
        pool, name = path_given(given)
        check_room(cluster, pool, image.size_bytes, forced=is_forced(given))
        work.tell(0.0, f"writing {size_words(image.size_bytes)}")
        self._volumes.upload(image, given["volume"], _part(pool, name, work), work.tell)
        return f"volume {given['volume']} is made of {given['path']}, {size_words(image.size_bytes)}"

    def _volume_clone(self, work: Work, _cluster: Cluster, given: Given) -> str:
        source, _, snapshot = given["volume"].partition("@")
        if snapshot:
            self._snapshots.protect(source, snapshot)
            self._volumes.clone(given["volume"], given["to"])
            return f"volume {given['to']} is a clone of {given['volume']}"
        pool, name = path_given(given, "to")
        work.tell(0.0, "copying")
        self._volumes.copy(source, given["to"], _part(pool, name, work), work.tell)
        return f"volume {given['to']} is a copy of {source}"

    def _volume_resize(self, _work: Work, cluster: Cluster, given: Given) -> str:
        volume, size_bytes = given["volume"], parse_size(given["size"])
        before = cluster.storage.volume(*path_given(given))
        shrink = size_bytes < before.size_bytes
        if shrink:
            self._check_closed(volume)
        self._volumes.resize(volume, size_bytes, shrink=shrink)
        done = f"volume {volume} has {size_words(size_bytes)}, it had {size_words(before.size_bytes)}"
        active = [vm for vm in users_of(cluster, volume) if vm.is_active]
        for vm in active:
            try:
                self.guests.resize_disk(vm.uuid, volume, size_bytes)
            except PvcError as error:
                return f"{done}; the guest of {vm.name} could not be told: {error}"
        return done + "".join(f"; the guest of {vm.name} is told" for vm in active)

    def _volume_rename(self, _work: Work, _cluster: Cluster, given: Given) -> str:
        self._check_closed(given["volume"])
        self._volumes.rename(given["volume"], given["name"])
        return f"volume {given['volume']} is named {given['name']}"

    def _volume_remove(self, work: Work, cluster: Cluster, given: Given) -> str:
        volume, snapshots = given["volume"], cluster.storage.volume(*path_given(given)).snapshots
        self._check_closed(volume)
        if snapshots and (clones := self._snapshots.clones(volume)):
            raise Refused(f"{volume} has clones: {', '.join(clones[:3])}")
        for snapshot in snapshots:
            self._forget_snapshot(volume, snapshot)
        self._volumes.remove(volume, lambda share, text: work.tell(share, text) or True)
        return f"volume {volume} is removed"

    def _check_closed(self, volume: str) -> None:
        try:
            watchers = self._volumes.watchers(volume)
        except NotFound:
            return  # it is listed, but can't be opened by anybody
        if watchers:
            raise Refused(f"{volume} is open at {', '.join(watchers)}")

    # Snapshots

    def _snapshot_add(self, _work: Work, _cluster: Cluster, given: Given) -> str:
        self._snapshots.add(given["volume"], given["name"])
        return f"snapshot {given['name']} of {given['volume']} is made"

    def _snapshot_rename(self, _work: Work, _cluster: Cluster, given: Given) -> str:
        self._snapshots.rename(given["volume"], given["name"], given["new_name"])
        return f"snapshot {given['name']} of {given['volume']} is named {given['new_name']}"

    def _snapshot_rollback(self, work: Work, _cluster: Cluster, given: Given) -> str:
        self._check_closed(given["volume"])
        work.tell(0.0, "rolling back")
        # Once begun it is carried through: half rolled back is neither the one nor the other.
        self._snapshots.roll_back(given["volume"], given["name"], lambda share, text: work.tell(share, text) or True)
        return f"{given['volume']} is as it was at {given['name']}"

    def _snapshot_remove(self, _work: Work, cluster: Cluster, given: Given) -> str:
        snapshot = cluster.storage.volume(*path_given(given)).snapshot(given["name"])
        if clones := self._snapshots.clones(given["volume"], snapshot.name):
            raise Refused(f"{given['volume']}@{snapshot.name} is protected: {', '.join(clones[:3])} hang on it")
        self._forget_snapshot(given["volume"], snapshot)
        return f"snapshot {given['name']} of {given['volume']} is removed"

    def _forget_snapshot(self, volume: str, snapshot: Snapshot) -> None:
        if snapshot.is_protected:
            self._snapshots.unprotect(volume, snapshot.name)
        self._snapshots.remove(volume, snapshot.name)

    # Locks

    def _flush_locks(self, work: Work, cluster: Cluster, given: Given) -> str:
        vm = cluster.vm(given["vm"])
        locks = Locks(commands=self.commands, own_address=self.own_address if vm.node == work.task.runs_on else "")
        off = {one.config.storage_address for one in cluster.nodes.values() if one.fence.proven_off}
        harmless = Blocklist(commands=self.commands).addresses() | (off - {""})
        freed = 0
        found = [locks.holders(volume) for volume in vm.definition.volumes]
        for holders in found:
            foreign = holders.foreign(locks.own_address, harmless)
            if foreign:
                holder = address_words(foreign, nodes_by_address(cluster))
                raise Refused(f"{holders.volume} is held by {holder}, which may be alive")
        for holders in found:
            for lock in holders.locks:
                locks.break_lock(holders.volume, lock)
                freed += 1
        return f"{freed} locks of {vm.name} are freed" if freed else f"no volume of {vm.name} is locked"


def _part(pool: str, name: str, work: Work) -> str:
    return path_of_volume(pool, part_name(name, work.task.key))
