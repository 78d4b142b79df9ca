"""A decision of a manager made again, from what it was made from then: by the same pure function, here and now."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from nodedaemon.kept_plans import read_decision, steps_of
from pvccore.model.struct import Struct
from pvccore.plan.managing import plan_manager

Steps = list[dict[str, Any]]


class Replay(Struct, frozen=True, kw_only=True):
    """A kept decision, and what is decided again: their steps as plain values. at: wall clock of the first."""

    by: str
    at: float
    kept: Steps
    again: Steps

    @property
    def is_same(self) -> bool:
        """Whether the same was decided again."""
        return self.kept == self.again


def replay(path: Path) -> Replay:
    """Decide a kept plan's situation again; raises `Invalid` for a file that is none."""
    decision, kept = read_decision(path)
    plan = plan_manager(decision.cluster, decision.watch)
    return Replay(by=decision.by, at=decision.at, kept=kept, again=steps_of(plan))


def replay_object(found: Replay) -> dict[str, Any]:
    """The object of `--json`."""
    return {"ok": found.is_same, "by": found.by, "at": found.at, "kept": found.kept, "again": found.again}


def replay_lines(found: Replay) -> list[str]:
    """The same for people."""
    moment = time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(found.at))
    lines = [f"{found.by} decided on {moment} UTC:", *_lines(found.kept)]
    if found.is_same:
        return [*lines, "the same is decided again"]
    return [*lines, "this program decides:", *(_lines(found.again) or ["  nothing"])]


def _lines(steps: Steps) -> list[str]:
    return [line for step in steps for line in _step(step)]


def _step(step: Mapping[str, Any]) -> list[str]:
    why = f": {step['why']}" if step.get("why") else ""
    lines = [f"  {step['what']}{why}"] if step.get("what") else []
    return lines + [f"    {_effect(effect)}" for effect in step.get("effects", ())]


def _effect(effect: Mapping[str, Any]) -> str:
    said = " ".join(f"{name}={json.dumps(value)}" for name, value in effect.items() if name != "effect")
    return f"{effect['effect']} {said}"
