import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from nodedaemon.fence_agents.programs import ENDED_AT_DEADLINE, NOT_FOUND, NOT_STARTED, RUN_UNTIL

LIMIT_S = 20.0


def boottime_s() -> float:
    return time.clock_gettime(time.CLOCK_BOOTTIME)


def leash(deadline_s: float, *argv: str) -> list[str]:
    return [sys.executable, "-I", "-S", str(RUN_UNTIL), repr(deadline_s), *argv]


def wait_for(path: Path) -> str:
    end_s = boottime_s() + LIMIT_S
    while not (path.exists() and path.read_text().endswith("\n")):
        assert boottime_s() < end_s, f"{path} was not written"
        time.sleep(0.01)
    return path.read_text().strip()


def is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in ("Z", "X")
    except OSError:
        return False


def wait_until_gone(pid: int) -> float:
    end_s = boottime_s() + LIMIT_S
    while is_alive(pid):
        assert boottime_s() < end_s, f"process {pid} is still there"
        time.sleep(0.01)
    return boottime_s()


def test_a_program_that_ends_in_time_speaks_for_itself() -> None:
    done = subprocess.run(
        leash(boottime_s() + LIMIT_S, "sh", "-c", "echo off; exit 3"), capture_output=True, check=False
    )
    assert (done.returncode, done.stdout) == (3, b"off\n")


def test_a_program_is_not_started_when_it_is_too_late(tmp_path: Path) -> None:
    trace = tmp_path / "trace"
    done = subprocess.run(leash(boottime_s() - 0.1, "touch", str(trace)), check=False)
    assert done.returncode == NOT_STARTED
    assert not trace.exists()


def test_a_program_that_is_not_there_is_told_apart() -> None:
    done = subprocess.run(leash(boottime_s() + LIMIT_S, "no-such-fence-tool"), check=False)
    assert done.returncode == NOT_FOUND


def test_a_slow_program_ends_at_the_deadline_with_all_that_it_started(tmp_path: Path) -> None:
    pids = tmp_path / "pids"
    script = f"sleep 60 & echo $! > {pids}; wait"
    done = subprocess.run(leash(boottime_s() + 0.5, "sh", "-c", script), check=False)
    assert done.returncode == ENDED_AT_DEADLINE
    wait_until_gone(int(pids.read_text()))


@pytest.mark.parametrize("sign", [signal.SIGSTOP, signal.SIGKILL])
def test_a_slow_program_ends_at_the_deadline_though_the_daemon_is_stopped_or_dead(
    sign: signal.Signals, tmp_path: Path
) -> None:
    """The daemon is a parent that runs the leash as a fence agent does, and is then stopped in its tracks."""
    pid_file, trace = tmp_path / "pid", tmp_path / "trace"
    deadline_s = boottime_s() + 2.0
    tool = f"echo $$ > {pid_file}; sleep 4; touch {trace}"
    program = "import subprocess, sys; subprocess.run(sys.argv[1:], start_new_session=True)"
    daemon = subprocess.Popen([sys.executable, "-c", program, *leash(deadline_s, "sh", "-c", tool)])
    try:
        pid = int(wait_for(pid_file))
        daemon.send_signal(sign)
        assert is_alive(pid)
        gone_at_s = wait_until_gone(pid)
    finally:
        daemon.kill()
        daemon.wait()
    assert deadline_s - 0.1 <= gone_at_s < deadline_s + 1.5
    assert not trace.exists()


def test_a_program_ends_with_its_leash(tmp_path: Path) -> None:
    pid_file = tmp_path / "pid"
    tool = f"echo $$ > {pid_file}; exec sleep 60"
    running = subprocess.Popen(leash(boottime_s() + 60, "sh", "-c", tool))
    pid = int(wait_for(pid_file))
    os.kill(running.pid, signal.SIGKILL)
    running.wait()
    wait_until_gone(pid)
