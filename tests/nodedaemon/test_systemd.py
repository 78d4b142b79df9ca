import os
import socket
from pathlib import Path

from nodedaemon.systemd import ServiceManager


def test_words_reach_the_notify_socket(tmp_path: Path) -> None:
    path = str(tmp_path / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.bind(path)
        ServiceManager({"NOTIFY_SOCKET": path}).tell(ready="1", status="serves")
        assert listener.recv(1024) == b"READY=1\nSTATUS=serves"


def test_an_abstract_socket_is_reached_too() -> None:
    name = f"pvcnoded-test-{os.getpid()}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.bind("\0" + name)
        ServiceManager({"NOTIFY_SOCKET": "@" + name}).tell(watchdog="1")
        assert listener.recv(1024) == b"WATCHDOG=1"


def test_without_a_service_manager_words_go_nowhere(tmp_path: Path) -> None:
    ServiceManager({}).tell(ready="1")
    ServiceManager({"NOTIFY_SOCKET": str(tmp_path / "nobody")}).tell(ready="1")
