"""The version of a stored tree: which this program can read, and what it says of the others."""

from __future__ import annotations

from pvccore.model.errors import Refused, Unavailable
from pvccore.state.codec import Undecodable, decode
from pvccore.state.schema import SCHEMA_VERSION, Schema, SchemaVersion
from pvccore.state.store import Store


def check_schema(store: Store, schema: Schema, where: str = "") -> None:
    """Raise unless a cluster of our layout lives here.

    where: the store's address as a person gave it, for the message. Raises `Unavailable` for an empty tree, `Refused`
    for another schema version or beside a PVC 1.0 cluster.
    """
    check_no_pvc_1(store, schema)
    (znode,) = store.read([schema.version])
    if znode is None:
        raise Unavailable(f"no cluster at {where or schema.root}; run `pvc init`")
    found = decode(SchemaVersion, schema.version, znode)
    if isinstance(found, Undecodable) or not isinstance(found, SchemaVersion):
        raise Refused(f"the schema version at {where or schema.root} can't be read")
    if found.schema != SCHEMA_VERSION:
        raise Refused(
            f"the cluster at {where or schema.root} has schema version {found.schema}, "
            f"this program reads version {SCHEMA_VERSION}"
        )


def check_no_pvc_1(store: Store, schema: Schema) -> None:
    """Raise `Refused` where a PVC 1.0 cluster lives: its daemons and ours must not share machines."""
    for pair in schema.traces_of_pvc_1():
        if None not in store.read(pair):
            raise Refused(
                f"a PVC 1.0 cluster lives here ({pair[0]} and {pair[1]} exist), which this program does not manage"
            )
