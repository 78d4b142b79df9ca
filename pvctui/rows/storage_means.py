"""What a verb on the storage would do with what is typed so far: what is missing, refused, or lost."""

from __future__ import annotations

from collections.abc import Mapping

from pvccore.model.cluster import Cluster
from pvccore.model.errors import PvcError
from pvccore.model.struct import Struct
from pvccore.plan.storage import StorageVerb, complete
from pvctui.rows.lines import Line
from pvctui.rows.wording import in_console_words

MOST_LOSSES = 8
MOST_ROWS = 12


class Meaning(Struct, frozen=True, kw_only=True):
    """missing: fields that must still be filled in. refusal: why it would be refused. losses: what would be gone."""

    missing: tuple[str, ...] = ()
    refusal: str = ""
    losses: tuple[str, ...] = ()
    title: str = ""

    @property
    def may_be_asked(self) -> bool:
        """Whether nothing speaks against it."""
        return not self.missing and not self.refusal


def meaning_of(verb: StorageVerb, given: Mapping[str, str], cluster: Cluster) -> Meaning:
    """What is known of it now; the daemon that carries it out looks again."""
    missing = tuple(
        field.name for field in verb.fields if not (field.optional or field.default or given.get(field.name))
    )
    if missing:
        return Meaning(missing=missing)
    try:
        full = complete(verb, given)
        verb.check(cluster, full)
        return Meaning(title=verb.title_of(full), losses=verb.losses(cluster, full))
    except PvcError as error:
        return Meaning(refusal=in_console_words(str(error)))


def meaning_lines(meaning: Meaning) -> list[Line]:
    """That in words."""
    if meaning.missing:
        words = ", ".join(name.replace("_", " ") for name in meaning.missing)
        return [((f"still to fill in: {words}", "dim"),)]
    if meaning.refusal:
        return [((f"✗ {meaning.refusal}", "bad"),)]
    lines: list[Line] = [(("Will ", "dim"), meaning.title)]
    if meaning.losses:
        lines += [(("Lost for good:", "bad"),), *((f"  {loss}",) for loss in meaning.losses[:MOST_LOSSES])]
        left = len(meaning.losses) - MOST_LOSSES
        lines += [((f"  and {left} more", "dim"),)] if left > 0 else []
    return lines


def meanings_lines(meanings: Mapping[str, Meaning]) -> list[Line]:
    """For many rows: what is missing once, then a line each, with what it would lose."""
    missing = next((meaning for meaning in meanings.values() if meaning.missing), None)
    if missing is not None:
        return meaning_lines(missing)
    lines: list[Line] = []
    for key, meaning in list(meanings.items())[:MOST_ROWS]:
        if meaning.refusal:
            lines.append(((f"✗ {key}: {meaning.refusal}", "bad"),))
        else:
            lost = "; ".join(meaning.losses[:MOST_LOSSES])
            lines.append(("  ", (key, "strong"), *((("  lost for good: ", "bad"), lost) if lost else ())))
    left, refused = len(meanings) - MOST_ROWS, sum(1 for meaning in meanings.values() if meaning.refusal)
    if left > 0:
        lines.append(((f"  and {left} more", "dim"),))
    if refused:
        lines.append(((f"{refused} of {len(meanings)} can't be done now and will be left alone", "warn"),))
    return lines
