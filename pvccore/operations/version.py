"""`--version` of the programs that read their options with argparse; `pvc` has click's."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

PACKAGE = "pvc-console"


class ShowVersion(argparse.Action):
    """Says which release a program is, and ends it. The release is looked up when somebody asks: it costs a start."""

    def __init__(self, option_strings: Sequence[str], dest: str) -> None:
        super().__init__(option_strings, dest, nargs=0, default=argparse.SUPPRESS, help="say which release this is")

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> None:
        """Print it as `pvc --version` does."""
        from importlib.metadata import version  # noqa: PLC0415 - for who asks

        sys.stdout.write(f"{parser.prog} {version(PACKAGE)}\n")
        parser.exit()
