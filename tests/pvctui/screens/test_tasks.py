import pytest

from pvccore.model.change import Change, Kind, Write
from pvccore.model.task import TaskState
from tests.pvctui.canned import well
from tests.pvctui.canned_storage import TASKS, WAITING, on_ceph
from tests.pvctui.console import SIZES, console
from tests.pvctui.stored import StoredCluster


@pytest.mark.parametrize("size", SIZES)
async def test_it_shows_tasks_with_their_progress_at_any_size(size: tuple[int, int]) -> None:
    async with console(on_ceph(), size=size) as shown:
        text = await shown.press("5")
        assert "upload [b]x" in text
        assert "40 %" in text
        assert "✗ failed" in text


async def test_a_tasks_result_is_the_next_tab() -> None:
    async with console(on_ceph(), size=(160, 50)) as shown:
        await shown.press("5", "slash", *"node log", "enter")
        assert "second [line" in await shown.press("full_stop")
        assert "asked by" in await shown.press("comma")


async def test_a_task_has_no_log_and_none_is_offered() -> None:
    async with console(on_ceph(), size=(80, 24)) as shown:
        await shown.press("5", "enter")
        assert "l log" not in shown.line(23)
        assert "y copy" in shown.line(23)


async def test_without_tasks_it_says_so() -> None:
    async with console(well(), size=(120, 40)) as shown:
        assert "no task was asked for yet" in await shown.press("5")


async def test_a_task_that_waits_is_cancelled_after_a_question() -> None:
    stored = StoredCluster(well())
    write = Write(kind=Kind.TASK, key=WAITING, before=None, after=TASKS[WAITING])
    stored.session.commit(Change(writes=(write,), quiet=True))
    async with console(None, stored=stored, size=(120, 40)) as shown:
        await shown.press("5", "x", *"cancel this", "enter")
        assert "it will simply not be done" in shown.text()
        assert "Cancel a task" not in await shown.press("enter")
        assert stored.now().tasks[WAITING].state is TaskState.WAITING
        await shown.press("x", *"cancel this", "enter", "tab", "enter")
        await shown.until(lambda: stored.now().tasks[WAITING].state is TaskState.CANCELLED)
        await shown.until(lambda: "cancelled" in shown.text())


async def test_a_task_that_has_ended_can_not_be_cancelled() -> None:
    async with console(on_ceph(), size=(120, 40)) as shown:
        await shown.press("5", "slash", *"node log", "enter", "x", *"cancel this", "enter")
        assert "it has ended, or somebody wants it stopped already" in shown.text()
