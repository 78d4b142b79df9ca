"""What a value costs, as a `Struct` and as the frozen data class with slots that would say the same."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable, Iterator
from typing import Any

import msgspec

from bench.figures import Figure
from pvccore.model.struct import Struct, replace

RUNS, TOGETHER = 20, 1000
DOCUMENT = b'{"name":"web1","tags":["a","b"],"memory_mb":4096,"vcpus":2,"load":0.5,"autorestart":true,"node":"hv1"}'
GIVEN: dict[str, Any] = msgspec.json.decode(DOCUMENT)


def _struct() -> Any:  # noqa: ANN401 - a class made here
    class Value(Struct, frozen=True, kw_only=True):
        name: str = ""
        description: str = ""
        tags: tuple[str, ...] = ()
        memory_mb: int = 0
        vcpus: int = 0
        load: float = 0.0
        autorestart: bool = True
        node: str = ""
        previous_node: str = ""
        why: str = ""

    return Value


def _data_class() -> Any:  # noqa: ANN401 - as above
    @dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
    class Value:
        name: str = ""
        description: str = ""
        tags: tuple[str, ...] = ()
        memory_mb: int = 0
        vcpus: int = 0
        load: float = 0.0
        autorestart: bool = True
        node: str = ""
        previous_node: str = ""
        why: str = ""

    return Value


def measure() -> Iterator[Figure]:
    """All that a program does with values of ten fields."""
    took_s = [
        _took_s(_struct, replace),
        _took_s(_data_class, dataclasses.replace),  # noqa: TID251 - what is compared
    ]
    for what in took_s[0]:
        struct, data_class = (one[what] * 1e6 for one in took_s)
        shown = f"{struct:.2f} µs; a data class {data_class:.2f} µs: {data_class / struct:.1f} times"
        yield Figure(what=f"a value of ten fields, {what}", measured=shown)


def _took_s(make_class: Callable[[], Any], replace_in: Callable[..., object]) -> dict[str, float]:
    """What was done → the shortest time that one took."""
    value = make_class()
    decode = msgspec.json.Decoder(value).decode
    one, same = value(**GIVEN), value(**GIVEN)
    return {
        "its class when a module is loaded": _best_s(make_class, 1),
        "made": _best_s(lambda: value(**GIVEN), TOGETHER),
        "replaced": _best_s(lambda: replace_in(one, node="hv2"), TOGETHER),
        "compared": _best_s(lambda: one == same, TOGETHER),
        "decoded": _best_s(lambda: decode(DOCUMENT), TOGETHER),
    }


def _best_s(do: Callable[[], object], times: int) -> float:
    took_s = []
    for _ in range(RUNS):
        began_s = time.perf_counter()
        for _ in range(times):
            do()
        took_s.append((time.perf_counter() - began_s) / times)
    return min(took_s)
