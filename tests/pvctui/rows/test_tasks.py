from pvccore.model.struct import replace
from pvccore.model.task import Task
from pvctui.dialogs.task_cancel import cancelling_lines
from pvctui.rows.lines import text_of
from pvctui.rows.task_rows import TASK_COLUMNS, rows_of_tasks, task_tabs
from pvctui.rows.view import View
from tests.pvctui.canned import entry, view_of
from tests.pvctui.canned_storage import DONE, FAILED, RUNNING, STOPPING, TASKS, WAITING, on_ceph


def rows() -> dict[str, dict[str, str]]:
    found = rows_of_tasks(view_of(on_ceph()))
    assert all(len(row.cells) == len(row.values) == len(TASK_COLUMNS) for row in found)
    return {row.key: {column.key: row.text(at) for at, column in enumerate(TASK_COLUMNS)} for row in found}


def tab(key: str, title: str, view: View | None = None) -> str:
    found = next(tab for tab in task_tabs(key, view or view_of(on_ceph())) if tab.title == title)
    return "\n".join(text_of(line) for line in found.lines())


def test_a_task_tells_how_far_it_is() -> None:
    found = rows()
    assert found[RUNNING]["progress"].endswith("40 %")
    assert (found[RUNNING]["why"], found[RUNNING]["took"], found[RUNNING]["node"]) == ("writing", "50 s", "hv2")
    assert found[WAITING]["progress"] == ""
    assert found[DONE]["progress"].endswith("100 %")
    assert found[STOPPING]["progress"] == "…"


def test_a_task_that_waits_says_for_what() -> None:
    assert rows()[WAITING]["why"] == "hv9 is no node of the cluster any more"


def test_a_task_that_ended_tells_what_came_of_it() -> None:
    found = rows()
    assert found[DONE]["why"] == "first line"
    assert found[FAILED]["why"] == "interrupted: hv2 ended"
    assert found[FAILED]["state"] == "✗ failed"
    assert found[DONE]["took"] == "3 s"


def test_a_task_that_shall_stop_says_who_wants_it() -> None:
    assert (rows()[STOPPING]["state"], rows()[STOPPING]["why"]) == ("→ stopping", "bert@ops2 wants it stopped")


def test_a_task_without_a_title_is_called_by_its_verb_and_one_without_either_by_its_key() -> None:
    assert rows()[DONE]["task"] == "node log"
    bare = {row.key: row.text(0) for row in rows_of_tasks(view_of(on_ceph(tasks={"k": Task(key="k")})))}
    assert bare == {"k": "k"}


def test_names_that_look_like_markup_stay_as_they_are() -> None:
    assert rows()[RUNNING]["task"] == "upload [b]x"


def test_the_detail_tells_who_asked_for_what() -> None:
    text = tab(WAITING, "Summary")
    assert "asked by     anna@ops1" in text
    assert "device       /dev/sdc" in text
    assert "x cancels it" in text
    assert "x cancels it" not in tab(DONE, "Summary")


def test_the_whole_result_is_a_tab() -> None:
    assert tab(DONE, "Result") == "first line\nsecond [line"
    assert tab(FAILED, "Result") == "interrupted: hv2 ended"
    assert tab(WAITING, "Result") == "nothing yet"
    silent = replace(TASKS[DONE], result="")
    assert tab(DONE, "Result", view_of(on_ceph(tasks={DONE: silent}))) == "nothing to tell"


def test_its_journal_is_a_tab() -> None:
    journal = (entry(1, "add OSD", f"task {WAITING}"), entry(2, "flush hv1", "fan"))
    text = tab(WAITING, "Journal", view_of(on_ceph(journal=journal)))
    assert "add OSD" in text
    assert "flush" not in text


def test_a_task_that_is_gone_says_so() -> None:
    assert [tab.title for tab in task_tabs("gone", view_of(on_ceph()))] == ["Gone"]


def test_cancelling_says_what_it_means() -> None:
    def said(task: Task | None) -> str:
        return "\n".join(text_of(line) for line in cancelling_lines(task))

    assert "it will simply not be done" in said(TASKS[WAITING])
    assert said(TASKS[RUNNING]).startswith("hv2 is at it, at writing.\nIt is asked to stop")
    assert "ended already: done" in said(TASKS[DONE])
    assert "bert@ops2 wants it stopped already" in said(TASKS[STOPPING])
    assert "not kept" in said(None)
