"""Every verb of the command line is reachable over HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import click

from pvccli.main import pvc
from tests.pvcapi.stand import Api

LOCAL = frozenset({"api token add", "api token list", "api token revoke", "backup", "restore", "init", "simulate"})
"""For the machine itself."""
OF_STORAGE = {
    "status": "GET status",
    "util": "GET utilization",
    "osd list": "GET osd",
    "osd add": "POST osd",
    "osd remove": "DELETE osd/{osd}",
    "osd in": "POST osd/{osd}/state",
    "osd out": "POST osd/{osd}/state",
    "osd set": "POST option",
    "osd unset": "POST option",
    "pool list": "GET pool",
    "pool add": "POST pool",
    "pool remove": "DELETE pool/{pool}",
    "pool set-pgs": "PUT pool/{pool}",
    "volume list": "GET volume",
    "volume add": "POST volume",
    "volume upload": "POST volume/{pool}/{volume}/upload",
    "volume clone": "POST volume/{pool}/{volume}/clone",
    "volume resize": "PUT volume/{pool}/{volume}",
    "volume rename": "PUT volume/{pool}/{volume}",
    "volume remove": "DELETE volume/{pool}/{volume}",
    "volume snapshot list": "GET snapshot",
    "volume snapshot add": "POST snapshot",
    "volume snapshot rename": "PUT snapshot/{pool}/{volume}/{snapshot}",
    "volume snapshot rollback": "POST snapshot/{pool}/{volume}/{snapshot}/rollback",
    "volume snapshot remove": "DELETE snapshot/{pool}/{volume}/{snapshot}",
}
PATHS = {
    "status": "GET status",
    "maintenance on": "POST status",
    "maintenance off": "POST status",
    "journal": "GET journal",
    "settings list": "GET settings",
    "settings set": "PUT settings/{name}",
    "task list": "GET task",
    "task show": "GET task/{task}",
    "task cancel": "DELETE task/{task}",
    "vm list": "GET vm",
    "vm info": "GET vm/{vm}",
    "vm define": "POST vm",
    "vm modify": "PUT vm/{vm}",
    "vm dump": "GET vm/{vm}/xml",
    "vm rename": "POST vm/{vm}/name",
    "vm meta": "POST vm/{vm}/meta",
    "vm tag get": "GET vm/{vm}/tags",
    "vm tag add": "POST vm/{vm}/tags",
    "vm tag remove": "POST vm/{vm}/tags",
    **{f"vm {verb}": "POST vm/{vm}/state" for verb in ("start", "shutdown", "stop", "restart", "disable")},
    **{f"vm {verb}": "POST vm/{vm}/node" for verb in ("migrate", "move", "unmigrate")},
    "vm undefine": "DELETE vm/{vm}",
    "vm remove": "DELETE vm/{vm}",
    "vm flush-locks": "POST vm/{vm}/locks",
    "vm log": "GET vm/{vm}/log",
    "node log": "GET node/{node}/log",
    "node list": "GET node",
    "node info": "GET node/{node}",
    "node flush": "POST node/{node}/domain-state",
    "node ready": "POST node/{node}/domain-state",
    "node fence": "POST node/{node}/fence",
    "node forecast": "GET node/{node}/forecast",
    "node remove": "DELETE node/{node}",
    **{f"storage {verb}": path.replace(" ", " storage/ceph/") for verb, path in OF_STORAGE.items()},
    **{f"storage ceph {verb}": path.replace(" ", " storage/ceph/") for verb, path in OF_STORAGE.items()},
}


def verbs(names: tuple[str, ...], context: click.Context) -> Iterator[str]:
    command = context.command
    if not isinstance(command, click.Group):
        yield " ".join(names)
        return
    for name in command.list_commands(context):
        inner = command.get_command(context, name)
        assert inner is not None
        yield from verbs((*names, name), click.Context(inner, parent=context))


def test_every_verb_has_its_path(api: Api) -> None:
    document: dict[str, Any] = api.get("/api/v1/docs/openapi.json").json()
    there = {
        f"{method.upper()} {path.removeprefix('/api/v1/')}"
        for path, item in document["paths"].items()
        for method in item
    }
    spoken = set(verbs((), click.Context(pvc)))
    assert spoken - PATHS.keys() - LOCAL == set()
    assert {path for verb, path in PATHS.items() if verb in spoken} <= there
