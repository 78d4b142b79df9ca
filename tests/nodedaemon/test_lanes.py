import threading

from nodedaemon.lanes import Lanes

LIMIT_S = 10.0


def test_jobs_of_one_lane_keep_their_order_and_never_overlap() -> None:
    lanes = Lanes("test", 4)
    done: list[int] = []
    running = threading.Lock()
    finished = threading.Event()

    def job(number: int) -> None:
        assert running.acquire(blocking=False), "two jobs of one lane at once"
        done.append(number)
        running.release()
        if number == 49:
            finished.set()

    for number in range(50):
        lanes.add("web1", lambda number=number: job(number))  # type: ignore[misc]
    assert finished.wait(LIMIT_S)
    assert done == list(range(50))
    assert lanes.stop(LIMIT_S)


def test_different_lanes_are_served_side_by_side() -> None:
    lanes = Lanes("test", 3)
    meeting = threading.Barrier(4)

    def meet() -> None:
        meeting.wait(LIMIT_S)

    for lane in ("web1", "web2", "web3"):
        lanes.add(lane, meet)
    meeting.wait(LIMIT_S)
    assert lanes.stop(LIMIT_S)


def test_no_more_run_at_once_than_allowed() -> None:
    lanes = Lanes("test", 2)
    free, begun = threading.Event(), threading.Semaphore(0)
    third = threading.Event()

    def hold() -> None:
        begun.release()
        free.wait(LIMIT_S)

    lanes.add("a", hold)
    lanes.add("b", hold)
    lanes.add("c", third.set)
    assert begun.acquire(timeout=LIMIT_S)
    assert begun.acquire(timeout=LIMIT_S)
    assert not third.is_set()
    free.set()
    assert third.wait(LIMIT_S)


def break_off() -> None:
    raise ValueError("this job is broken")


def test_a_job_that_breaks_off_stops_neither_its_lane_nor_its_thread() -> None:
    lanes = Lanes("test", 1)
    done = threading.Event()
    lanes.add("web1", break_off)
    lanes.add("web1", done.set)
    assert done.wait(LIMIT_S)


def test_stopping_says_whether_something_hangs() -> None:
    lanes = Lanes("test", 1)
    free, begun = threading.Event(), threading.Event()

    def hang() -> None:
        begun.set()
        free.wait(LIMIT_S)

    lanes.add("web1", hang)
    assert begun.wait(LIMIT_S)
    assert not lanes.stop(0.01)
    free.set()
    assert lanes.stop(LIMIT_S)
