"""The options that set a VM's metadata, the same for `vm define` and `vm meta`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import click

from pvccli.options import complete_nodes
from pvccore.model.selectors import Selector
from pvccore.model.vm import MigrationMethod

F = TypeVar("F", bound=Callable[..., Any])


def metadata_options(function: F) -> F:
    """The options that set metadata; what is not given is None."""
    for option in reversed(_METADATA_OPTIONS):
        function = option(function)
    return function


def metadata_given(values: Mapping[str, object]) -> dict[str, object]:
    """The metadata fields that were given, as the operations take them."""
    given: dict[str, object] = {name: value for name, value in values.items() if value is not None}
    tags = given.pop("tags", ())
    return given | ({"tags": ",".join(tags) if isinstance(tags, tuple) else tags} if tags else {})


_METADATA_OPTIONS = (
    click.option(
        "-l", "--node-limit", "--limit", "node_limit", metavar="NODE,…", shell_complete=complete_nodes,
        help="The nodes it may run on; '' = any.",
    ),
    click.option(
        "-s", "--node-selector", "--selector", "node_selector", metavar="SELECTOR",
        help="How a target is chosen: " + ", ".join(Selector) + ".",
    ),
    click.option(
        "-a/-A", "--autorestart/--no-autorestart", "--autostart/--no-autostart", "autorestart", default=None,
        help="Whether it is started again when a node can take it again.",
    ),
    click.option(
        "-m", "--method", "--migration-method", "migration_method", metavar="METHOD",
        help="How it may leave its node: " + ", ".join(MigrationMethod) + ".",
    ),
    click.option("--max-downtime", "max_downtime_ms", metavar="MS", help="Longest pause of a live migration."),
    click.option(
        "-g", "--tag", "--tags", "tags", multiple=True, metavar="TAG,…", help="Words to find it by; may be repeated."
    ),
    click.option("--description", help="What it is for."),
)  # fmt: skip
