import subprocess
import sys
from pathlib import Path

import pytest

from nodedaemon.config import BadConfig, DaemonConfig
from pvccore.model.fence import FenceAgent, FenceAgentKind
from pvccore.model.node import NodeRole

LEAST = 'node = "hv1"\nzookeeper = ["z1", "z2:2182"]\n'


def read(folder: Path, text: str) -> DaemonConfig:
    path = folder / "pvcnoded.toml"
    path.write_text(text)
    return DaemonConfig(path)


def complaint(folder: Path, text: str) -> str:
    with pytest.raises(BadConfig) as caught:
        read(folder, text)
    return str(caught.value)


def with_secrets(folder: Path, text: str, mode: int = 0o600) -> str:
    secrets = folder / "secrets.toml"
    secrets.write_text(text)
    secrets.chmod(mode)
    return f'{LEAST}secrets_file = "{secrets}"\n'


def test_the_least_there_must_be_is_a_name_and_zookeeper(tmp_path: Path) -> None:
    config = read(tmp_path, LEAST)
    assert config.file.node == "hv1"
    assert config.address.where == "z1:2181,z2:2182/pvc"
    assert config.node_config.role is NodeRole.COORDINATOR
    assert config.logins == {}


def test_fence_agents_are_written_short_or_as_tables(tmp_path: Path) -> None:
    config = read(
        tmp_path,
        LEAST + 'fence_agents = ["ipmi:10.0.3.1:9001", { kind = "command", address = "/sbin/pdu", arguments = ["7"] }, '
        '"ceph-blocklist"]\n',
    )
    assert config.node_config.fence_agents == (
        FenceAgent(kind=FenceAgentKind.IPMI, address="10.0.3.1:9001"),
        FenceAgent(kind=FenceAgentKind.COMMAND, address="/sbin/pdu", arguments=("7",)),
        FenceAgent(kind=FenceAgentKind.CEPH_BLOCKLIST),
    )


def test_secrets_are_read_from_their_own_file(tmp_path: Path) -> None:
    config = read(tmp_path, with_secrets(tmp_path, '[bmc.hv2]\nuser = "pvc"\npassword = "hush"\n'))
    assert config.logins["hv2"].password == "hush"
    assert "hush" not in repr(config.logins)


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o700])
def test_secrets_that_others_can_read_are_refused(tmp_path: Path, mode: int) -> None:
    text = complaint(tmp_path, with_secrets(tmp_path, "", mode))
    assert "secrets.toml" in text
    assert f"{mode:04o}" in text


@pytest.mark.parametrize(
    "bad", ['[bmc.hv2]\nuser = "pvc"\npassword = 12345\n', 'bmc = "hush"\n', 'hush = "hush-hush"\n']
)
def test_no_complaint_holds_a_secret(tmp_path: Path, bad: str) -> None:
    text = complaint(tmp_path, with_secrets(tmp_path, bad))
    assert "secrets.toml" in text
    assert "12345" not in text
    assert "hush-hush" not in text
    assert '"hush"' not in text


@pytest.mark.parametrize(
    "text, words",
    [
        ('zookeeper = ["z1"]\n', "node: is missing"),
        (LEAST + "nodes = 3\n", "nodes = 3: is not a key here"),
        (LEAST + 'role = "boss"\n', "role = 'boss'"),
        (LEAST + "chroot = 7\n", "chroot = 7"),
        (LEAST + 'chroot = "pvc"\n', "chroot 'pvc'"),
        ('node = "hv1"\nzookeeper = []\n', "zookeeper"),
        ('node = "a/b"\nzookeeper = ["z1"]\n', "node 'a/b'"),
        (LEAST + 'fence_agents = ["ipmi"]\n', "fence_agents 'ipmi': needs an address"),
        (LEAST + 'fence_agents = ["watchdog:x"]\n', "takes no address"),
        (LEAST + 'fence_agents = ["magic"]\n', "fence_agents 'magic'"),
        (LEAST + 'fence_agents = ["command:pdu"]\n', "absolute path"),
        (LEAST + 'fence_agents = [{ kind = "ipmi", adress = "x" }]\n', "fence_agents[0].adress: is not a key here"),
        (LEAST + 'fence_agents = ["watchdog"]\n', 'needs self_fence = "watchdog"'),
        (LEAST + 'self_fence = "watchdog"\nself_fence_after_s = 0.5\n', "self_fence_after_s 0.5"),
        (LEAST + 'self_fence = "watchdog"\nwatchdog_timeout_s = 2\n', "watchdog_timeout_s 2"),
        (LEAST + 'self_fence = "watchdog"\nwatchdog_device = "watchdog"\n', "absolute path"),
        (LEAST + 'log_level = "loud"\n', "log_level 'loud'"),
        (LEAST + 'migration_uri = "qemu:///system"\n', "migration_uri"),
        (LEAST + 'secrets_file = "/does/not/exist"\n', "/does/not/exist"),
        (LEAST + '[tls]\nca = "/ca.pem"\n', "tls.ca '/ca.pem': No such file"),
        ("node = \n", "Invalid value"),
    ],
)
def test_what_is_wrong_is_named_with_file_key_and_value(tmp_path: Path, text: str, words: str) -> None:
    said = complaint(tmp_path, text)
    assert words in said
    assert words == "/does/not/exist" or said.startswith(f"{tmp_path}/pvcnoded.toml: ")


def test_the_bound_of_self_fencing_is_registered(tmp_path: Path) -> None:
    """D + W + p + m: the manager waits that long after a node's last answer."""
    path = tmp_path / "pvcnoded.toml"
    path.write_text(LEAST + 'self_fence = "watchdog"\nself_fence_after_s = 6.0\nwatchdog_timeout_s = 8\n')
    assert DaemonConfig(path).node_config.self_fence_bound_s == 6.0 + 8 + 1.0 + 1.5


def run_check(path: Path) -> subprocess.CompletedProcess[str]:
    argv = [sys.executable, "-m", "nodedaemon", "--config", str(path), "--check-config"]
    return subprocess.run(argv, capture_output=True, text=True, check=False)


def test_the_program_checks_a_configuration_without_running(tmp_path: Path) -> None:
    pytest.importorskip("libvirt")
    path = tmp_path / "pvcnoded.toml"
    path.write_text(LEAST)
    assert run_check(path).returncode == 0
    path.write_text(LEAST + 'role = "boss"\n')
    refused = run_check(path)
    assert refused.returncode == 2
    assert refused.stderr == f"pvcnoded: {path}: role = 'boss': invalid enum value 'boss'\n"


def test_the_samples_are_fine(tmp_path: Path) -> None:
    samples = Path(__file__).parents[2] / "packaging"
    written = (samples / "pvcnoded.toml").read_text()
    secrets = tmp_path / "secrets.toml"
    secrets.touch(mode=0o600)
    secrets.write_text((samples / "secrets.toml").read_text())
    config = read(tmp_path, written.replace("/etc/pvc/secrets.toml", str(secrets)))
    assert config.node_config.fence_agents
    assert "hv1" in config.logins
