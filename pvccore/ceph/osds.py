"""OSDs, as far as fencing needs them: those of a node that is proven off are told down at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pvccore.ceph.commands import CephCommands


@dataclass(frozen=True, slots=True, kw_only=True)
class Osds:
    """The OSDs of one Ceph cluster."""

    commands: CephCommands

    def mark_down(self, host: str) -> None:
        """Tell Ceph that every OSD of `host` is down: its own heartbeats would take some 20 s to find out."""
        found = osds_of(self.commands.ceph("osd", "tree"), host)
        if found:
            self.commands.ceph("osd", "down", *(str(number) for number in found))


def osds_of(tree: Any, host: str) -> tuple[int, ...]:  # noqa: ANN401 - the JSON of `ceph osd tree`
    """The numbers of the OSDs below the bucket of a host."""
    nodes = {node["id"]: node for node in (tree or {}).get("nodes", ())}
    bucket = next((node for node in nodes.values() if node.get("type") == "host" and node.get("name") == host), None)
    return tuple(sorted(child for child in (bucket or {}).get("children", ()) if child >= 0))
