"""The one place where the lab runs other programs to their end, always with a time limit."""

import subprocess
from collections.abc import Sequence
from pathlib import Path

COMMAND_LIMIT_S = 60.0
# The environment in which a program of the lab, started on its own, finds the rest of the lab.
OWN_CODE = {"PYTHONPATH": str(Path(__file__).resolve().parent.parent), "PYTHONDONTWRITEBYTECODE": "1"}

# All hosts share this machine's cores: guests that boot must not starve daemons or ZooKeeper into losing sessions.
# Linux shares them out by session first and by niceness within a session, so both are told.
BEFORE_GUESTS = ("sh", "-c", '{ echo -5 >/proc/self/autogroup; } 2>/dev/null; exec nice -n -5 "$@"', "sh")


class LabError(Exception):
    """Something in the lab did not do what it was told; the text says what and shows its own words."""


def run(*argv: str, limit_s: float = COMMAND_LIMIT_S) -> str:
    """What the program printed; LabError when it fails or does not end within `limit_s` seconds."""
    try:
        done = subprocess.run(argv, capture_output=True, text=True, timeout=limit_s, check=False)
    except subprocess.TimeoutExpired as expired:
        raise LabError(f"{_shown(argv)} did not end within {limit_s:g} s") from expired
    except FileNotFoundError as missing:
        raise LabError(f"{argv[0]} is not installed; lab/system-packages installs what the lab needs") from missing
    if done.returncode:
        raise LabError(f"{_shown(argv)} failed ({done.returncode}): {done.stderr.strip() or done.stdout.strip()}")
    return done.stdout


def succeeds(*argv: str, limit_s: float = COMMAND_LIMIT_S) -> bool:
    """Whether the program ended with 0; for clean-up, where what is already gone is as good as removed."""
    try:
        run(*argv, limit_s=limit_s)
    except LabError:
        return False
    return True


def _shown(argv: Sequence[str]) -> str:
    return " ".join(argv)
