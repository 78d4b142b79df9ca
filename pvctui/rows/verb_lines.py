"""The words of a verb's dialog: what will happen to what, and what came of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from pvccore.model.naming import natural_items
from pvccore.plan.preview import Preview
from pvctui.rows.lines import BLANK, Line, in_column, many
from pvctui.rows.verb_plan import Part
from pvctui.rows.wording import in_console_words
from pvctui.verbs import Verb
from pvctui.widgets.cell_text import fit

MOST_PARTS = 20
MOST_MOVES = 24
MOST_RESULTS = 8
MOST_PARKED = 10
GOING = {"flush": ("migrates", "migrate"), "ready": ("comes back", "come back")}
GOING_ELSEWHERE = ("runs elsewhere", "run elsewhere")
"""What a verb on a node makes of its VMs: of one, and of several."""
MOVES_ACROSS, MOVE_WIDTH = 3, 22


def meaning_lines(verb: Verb, parts: Sequence[Part]) -> list[Line]:
    """What the verb means, for each of how many."""
    each = "" if len(parts) == 1 else f"{many(len(parts), _noun(verb))}, each: "
    return [(f"{each}{verb.means}",), BLANK]


def plan_lines(verb: Verb, parts: Sequence[Part]) -> list[Line]:
    """What the verb would do to each; how many are left alone stands first, for the list may be long."""
    lines: list[Line] = []
    refused = sum(1 for part in parts if part.objection)
    if refused and len(parts) > 1:
        lines.append(((f"{refused} of {len(parts)} can't be done now and will be left alone", "warn"),))
    column = in_column(part.name for part in parts[:MOST_PARTS] if part.outcome)
    for part in parts[:MOST_PARTS]:
        lines += _part_lines(part, verb, column)
    if len(parts) > MOST_PARTS:
        lines.append(((f"  … and {len(parts) - MOST_PARTS} more", "dim"),))
    return [*lines, BLANK]


def _noun(verb: Verb) -> str:
    return "VM" if verb.kind == "vm" else "node"


def _part_lines(part: Part, verb: Verb, column: Callable[[str], str]) -> list[Line]:
    if part.objection:
        return [((f"✗ {part.name}: {part.objection}", "bad"),)]
    if part.outcome:
        lost = [(("    ", "bad"), ("lost for good: ", "bad"), path) for path in part.losses[:MOST_PARKED]]
        more = len(part.losses) - MOST_PARKED
        told: list[Line] = [("  ", (column(part.name), "strong"), f"  {part.outcome}"), *lost]
        return [*told, ((f"    … and {more} more volumes", "bad"),)] if more > 0 else told
    return [("  ", (part.name, "strong"), f"  {moves_words(part.moves, verb)}"), *_move_lines(part.moves)]


def moves_words(moves: Preview, verb: Verb) -> str:
    """How many VMs go where the verb sends them, and how many are parked."""
    if not moves.moved and not moves.parked:
        return "no VM is moved"
    moved, parked = len(moves.moved), len(moves.parked)
    one, several = GOING.get(verb.name, GOING_ELSEWHERE)
    if not parked:
        return f"{many(moved, 'VM')} {one if moved == 1 else several}, none is parked"
    goes = one if moved == 1 else several
    return f"{many(moved + parked, 'VM')}: {moved} {goes}, {parked} {'is' if parked == 1 else 'are'} parked"


def _move_lines(moves: Preview) -> list[Line]:
    told = [f"{name} → {node}" for name, node in natural_items(moves.moved)][:MOST_MOVES]
    lines: list[Line] = []
    for start in range(0, len(told), MOVES_ACROSS):
        cells = (fit(words, MOVE_WIDTH) for words in told[start : start + MOVES_ACROSS])
        lines.append(("    ", " ".join(cells)))
    if len(moves.moved) > MOST_MOVES:
        lines.append(((f"    … and {len(moves.moved) - MOST_MOVES} more", "dim"),))
    parked = natural_items(moves.parked)
    lines += [((f"    ■ {name} is parked: {why}", "warn"),) for name, why in parked[:MOST_PARKED]]
    if len(parked) > MOST_PARKED:
        lines.append(((f"    … and {len(parked) - MOST_PARKED} more are parked", "warn"),))
    return lines


def result_lines(names: Mapping[str, str], results: Mapping[str, str]) -> list[Line]:
    """One line per subject that was asked for; results: its refusal, "" for done."""
    lines: list[Line] = []
    bad = [key for key in names if results.get(key)]
    done = [key for key in names if results.get(key) == ""]
    waiting = [key for key in names if key not in results]
    for key in [*bad, *waiting, *done][:MOST_RESULTS]:
        if key in waiting:
            lines.append(((f"→ {names[key]} …", "busy"),))
        else:
            lines.append(
                ((f"✗ {in_console_words(results[key])}", "bad"),) if results[key] else ((f"✓ {names[key]}", "ok"),)
            )
    if len(names) > MOST_RESULTS:
        lines.insert(0, (f"{len(done)} done, {len(bad)} refused, {len(waiting)} to come",))
    return lines
