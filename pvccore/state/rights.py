"""What a session's credentials may do with a cluster's tree, asked of the store itself."""

from __future__ import annotations

from pvccore.model.errors import Conflict, Refused
from pvccore.state.schema import Schema
from pvccore.state.store import Put, Store

NEVER = 2**31 - 1
"""A version that no node comes to: writing what is at it changes nothing."""


def may_write(store: Store, schema: Schema) -> bool:
    """Whether these credentials may change an existing tree; nothing is changed to find that out.

    ZooKeeper looks at the right to write before it looks at the version, and all nodes of the tree have the same
    rights. Reading the rights instead would tell nothing of who holds a certificate or sits at an address. Raises
    `Unavailable`.
    """
    try:
        store.commit([Put(schema.version, b"", NEVER)])
    except Refused:
        return False
    except Conflict:
        return True
    return True
