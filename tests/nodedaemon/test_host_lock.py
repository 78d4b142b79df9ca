import subprocess
import sys
from pathlib import Path

import pytest

from nodedaemon.host_lock import host_lock
from pvccore.model.errors import Refused


def test_a_second_daemon_on_the_host_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "run" / "lock"
    with host_lock(path), pytest.raises(Refused, match="another pvcnoded runs on this host"), host_lock(path):
        pass
    with host_lock(path):
        pass


def test_the_lock_of_a_daemon_that_died_is_free(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    program = (
        "import os, signal, sys, pathlib; from nodedaemon.host_lock import host_lock\n"
        "with host_lock(pathlib.Path(sys.argv[1])): os.kill(os.getpid(), signal.SIGKILL)"
    )
    subprocess.run([sys.executable, "-c", program, str(path)], check=False)
    with host_lock(path):
        pass
