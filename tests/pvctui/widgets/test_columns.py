from __future__ import annotations

import pytest

from pvctui.rows.attention import ATTENTION_COLUMNS
from pvctui.rows.journal_rows import JOURNAL_COLUMNS
from pvctui.rows.node_rows import NODE_COLUMNS
from pvctui.rows.resilience_rows import RESILIENCE_COLUMNS
from pvctui.rows.storage_rows import OSD_COLUMNS, POOL_COLUMNS
from pvctui.rows.task_rows import TASK_COLUMNS
from pvctui.rows.vm_rows import VM_COLUMNS
from pvctui.rows.volume_rows import SNAPSHOT_COLUMNS, VOLUME_COLUMNS
from pvctui.widgets.columns import GUTTER_WIDTH, ColumnLayout, lay_out
from pvctui.widgets.rows import Align, Column

LISTS = {
    "attention": ATTENTION_COLUMNS,
    "node": NODE_COLUMNS,
    "vm": VM_COLUMNS,
    "osd": OSD_COLUMNS,
    "pool": POOL_COLUMNS,
    "volume": VOLUME_COLUMNS,
    "snapshot": SNAPSHOT_COLUMNS,
    "task": TASK_COLUMNS,
    "journal": JOURNAL_COLUMNS,
    "resilience": RESILIENCE_COLUMNS,
}

NAME = Column(key="name", title="NAME", width=10, pinned=True)
NODE = Column(key="node", title="NODE", width=8, min_width=4)
LIMIT = Column(key="limit", title="LIMIT", width=12, from_width=60)
WHY = Column(key="why", title="WHY", width=10, weight=1)


def placed(layout: ColumnLayout) -> list[tuple[str, int, int]]:
    return [(place.column.key, place.x, place.width) for place in layout.placed]


def test_the_weighted_column_takes_what_is_left() -> None:
    assert placed(lay_out([NAME, NODE, WHY], 60, scrolled=0, wide=False)) == [
        ("name", GUTTER_WIDTH, 10),
        ("node", 15, 8),
        ("why", 25, 35),
    ]


def test_two_weighted_columns_share_and_a_bound_one_leaves_the_rest() -> None:
    bound = Column(key="tags", title="TAGS", width=5, weight=1, max_width=8)
    layout = lay_out([NAME, bound, WHY], 80, scrolled=0, wide=False)
    assert placed(layout) == [("name", 3, 10), ("tags", 15, 8), ("why", 25, 55)]


def test_columns_shrink_to_their_least_before_one_is_lost() -> None:
    layout = lay_out([NAME, NODE, WHY], 31, scrolled=0, wide=False)
    assert placed(layout) == [("name", 3, 10), ("node", 15, 4), ("why", 21, 10)]
    assert not layout.more_right


def test_a_column_that_does_not_fit_is_told_to_lie_beyond() -> None:
    layout = lay_out([NAME, NODE, WHY], 25, scrolled=0, wide=False)
    assert [place.column.key for place in layout.placed] == ["name", "node"]
    assert layout.more_right


def test_a_narrow_table_leaves_out_what_asks_for_more_width() -> None:
    narrow = lay_out([NAME, LIMIT, WHY], 59, scrolled=0, wide=False)
    assert [place.column.key for place in narrow.placed] == ["name", "why"]
    assert [place.column.key for place in lay_out([NAME, LIMIT, WHY], 60, scrolled=0, wide=False).placed] == [
        "name",
        "limit",
        "why",
    ]


def test_a_wide_table_shows_every_column_at_full_width() -> None:
    layout = lay_out([NAME, LIMIT, NODE], 40, scrolled=0, wide=True)
    assert placed(layout) == [("name", 3, 10), ("limit", 15, 12), ("node", 29, 8)]


def test_pinned_columns_stay_when_the_others_are_scrolled() -> None:
    layout = lay_out([NAME, NODE, WHY], 40, scrolled=1, wide=False)
    assert [place.column.key for place in layout.placed] == ["name", "why"]
    assert layout.more_left


def test_scrolling_stops_at_the_last_column() -> None:
    layout = lay_out([NAME, NODE, WHY], 40, scrolled=99, wide=False)
    assert [place.column.key for place in layout.placed] == ["name", "why"]


def test_a_click_finds_its_column() -> None:
    layout = lay_out([NAME, NODE, WHY], 60, scrolled=0, wide=False)
    found = layout.column_at(15)
    assert found is not None
    assert found.column.key == "node"
    assert layout.column_at(0) is None


def test_one_cell_of_width_does_no_harm() -> None:
    assert lay_out([NAME, NODE], 1, scrolled=0, wide=False).placed == ()


def test_before_a_word_stand_two_cells_of_air_and_one_before_a_number() -> None:
    cpu = Column(key="cpu", title="CPU", width=5, align=Align.RIGHT)
    assert placed(lay_out([NAME, WHY], 60, scrolled=0, wide=False))[1:] == [("why", 15, 45)]
    assert placed(lay_out([NAME, cpu, WHY], 60, scrolled=0, wide=False))[1:] == [("cpu", 14, 5), ("why", 21, 39)]


@pytest.mark.parametrize("columns", LISTS.values(), ids=LISTS)
def test_no_list_has_a_column_beyond_the_edge_at_any_usual_width(columns: tuple[Column, ...]) -> None:
    cut = [width for width in range(66, 300) if lay_out(columns, width, scrolled=0, wide=False).more_right]
    assert cut == []
