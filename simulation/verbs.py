"""How the simulated world has a person's verbs carried out: by a front end that is handed in, for they are above it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from pvccore.model.struct import Struct
from pvccore.operations.operator import Operator


class Verbs(Struct, frozen=True, kw_only=True):
    """The verbs of the command line, as typed after `pvc`.

    check: raises `Invalid` for words that are no command line of ours. run: carries one out for an operator who
    confirms by himself; raises any of the five errors.
    """

    check: Callable[[Sequence[str]], None]
    run: Callable[[Sequence[str], Operator], None]
