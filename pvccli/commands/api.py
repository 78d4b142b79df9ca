"""`pvc api`: the tokens of the HTTP API that runs on this machine."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from pathlib import Path

import click

from pvccli.options import prints, yes_option
from pvccli.seat import Seat
from pvccore.operations.tokens import TOKENS_FILE, Role, TokenFile

COLUMNS = ("name", "role", "created")
file_option = click.option(
    "--file",
    "path",
    type=click.Path(path_type=Path, dir_okay=False),
    default=TOKENS_FILE,
    show_default=True,
    help="The tokens_file of pvcapid.toml.",
)


@click.group()
def api() -> None:
    """The HTTP API that runs on this machine."""


@api.group(short_help="Who may call the API of this machine.")
def token() -> None:
    """Who may call the API of this machine: a root-only file, which pvcapid reads again when it changes."""


@token.command()
@click.argument("name", metavar="NAME")
@click.option(
    "--role",
    type=click.Choice([role.value for role in Role]),
    default=Role.READ_ONLY.value,
    show_default=True,
    help="Only look, or do everything.",
)
@file_option
@prints
def add(seat: Seat, name: str, role: str, path: Path) -> None:
    """Make a token and print it: it can never be shown again. NAME is who did it in the journal."""
    made = TokenFile(path).add(name, Role(role), now=time.time())
    seat.show({"name": name, "role": role, "token": made}, lambda: made)


@token.command("list")
@file_option
@prints
def list_tokens(seat: Seat, path: Path) -> None:
    """List tokens by name; their secrets are not kept."""
    records = [
        {"name": one.name, "role": one.role.value, "created": _day(one.created_at)} for one in TokenFile(path).load()
    ]
    seat.show_list(records, COLUMNS)


@token.command(short_help="Forget a token: its holder is refused from then on.")
@click.argument("name", metavar="NAME")
@file_option
@yes_option
@prints
def revoke(seat: Seat, name: str, path: Path) -> None:
    """Forget a token: whoever has it is refused from the next request on."""
    from pvccore.operations.operator import Result

    seat.confirm(f"Revoke the token {name}?")
    TokenFile(path).revoke(name)
    seat.tell(Result(text=f"{name} is revoked"))


def _day(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d")
