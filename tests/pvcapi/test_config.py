from __future__ import annotations

import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from pvcapi.config import ApiConfig, ApiFile, BadConfig
from pvccore.operations.tokens import Role, TokenFile
from tests.architecture import source

SAMPLE = source.ROOT / "packaging/pvcapid.toml"


def write(folder: Path, text: str) -> Path:
    path = folder / "pvcapid.toml"
    path.write_text(f'zookeeper = ["h1:2181"]\ntokens_file = "{folder}/tokens.json"\n{text}\n')
    return path


def test_the_sample_is_fine_and_names_every_key(tmp_path: Path) -> None:
    config = ApiConfig(SAMPLE)
    assert (config.host, config.port) == ("127.0.0.1", 7370)
    text = SAMPLE.read_text()
    assert not [name for name in ApiFile.__struct_fields__ if f"{name} = " not in text and f"[{name}]" not in text]
    told = "\n".join(line.removeprefix("# ") if " = " in line.partition("#")[2] else "" for line in text.splitlines())
    everything = tmp_path / "pvcapid.toml"
    everything.write_text('zookeeper = ["h1:2181"]\n' + told.partition("ca = ")[0])
    defaults = {name: value for name, value in tomllib.loads(everything.read_text()).items() if name != "zookeeper"}
    for name, value in defaults.items():
        plain = getattr(ApiFile(zookeeper=("h1",)), name)
        assert (list(plain) if isinstance(plain, tuple) else plain) == value, name


@pytest.mark.parametrize(
    "text,words",
    [
        ('listen = "0.0.0.0:7370"', "is no loopback address"),
        ('listen = "7370"', "must be like"),
        ('listen = "127.0.0.1:99999"', "must be like"),
        ('certificate = "/c.pem"', "belong together"),
        ('certificate = "/c.pem"\nkey = "/k.pem"', "certificate '/c.pem': No such file"),
        ('[tls]\nca = "/ca.pem"', "tls.ca '/ca.pem': No such file"),
        ('log_level = "loud"', "must be one of"),
        ("max_body_kb = 1", "must lie between"),
        ("requests_per_minute = 0", "must lie between"),
        ('allow_paths = ["tmp"]', "absolute path"),
        ('chroot = "pvc"', "must begin with a slash"),
        ("colour = 1", "colour"),
        ("streams = 'x'", "streams"),
        ("= 1", "pvcapid.toml"),
        ('secrets_file = "/nowhere"', "secrets_file"),
    ],
)
def test_a_bad_value_is_named(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(BadConfig, match=words):
        ApiConfig(write(tmp_path, text))


def test_a_network_address_is_for_https_or_a_proxy(tmp_path: Path) -> None:
    pem = tmp_path / "api.pem"
    pem.touch()
    assert ApiConfig(write(tmp_path, f'listen = "0.0.0.0:443"\ncertificate = "{pem}"\nkey = "{pem}"')).port == 443
    assert ApiConfig(write(tmp_path, 'listen = "10.0.0.1:80"\nbehind_proxy = true')).host == "10.0.0.1"
    assert ApiConfig(write(tmp_path, 'listen = "[::1]:80"')).host == "::1"
    assert ApiConfig(write(tmp_path, 'listen = "localhost:80"')).host == "localhost"


def test_secrets_are_read_from_a_file_for_root_alone_and_never_told(tmp_path: Path) -> None:
    secrets = tmp_path / "secrets.toml"
    secrets.write_text('zookeeper = "ops:hush"\n[bmc.hv1]\nuser = "a"\npassword = "b"\n')
    path = write(tmp_path, f'secrets_file = "{secrets}"')
    secrets.chmod(0o644)
    with pytest.raises(BadConfig, match="must not be wider than 0600"):
        ApiConfig(path)
    secrets.chmod(0o600)
    assert ApiConfig(path).address.auth == "ops:hush"
    secrets.write_text('zookeeper = "ops:hush\n')
    with pytest.raises(BadConfig) as bad:
        ApiConfig(path)
    assert "hush" not in str(bad.value)


def test_tokens_that_others_can_read_are_refused_at_the_start(tmp_path: Path) -> None:
    path = write(tmp_path, "")
    TokenFile(tmp_path / "tokens.json").add("robot", Role.OPERATOR, now=0.0)
    ApiConfig(path)
    (tmp_path / "tokens.json").chmod(0o640)
    with pytest.raises(BadConfig, match="0600"):
        ApiConfig(path)


def test_the_program_says_whether_its_configuration_is_fine(tmp_path: Path) -> None:
    def checked(path: Path) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "pvcapi", "--config", str(path), "--check-config"]
        return subprocess.run(command, cwd=source.ROOT, capture_output=True, text=True, check=False, timeout=60)

    fine = checked(SAMPLE)
    assert (fine.returncode, fine.stdout) == (0, f"{SAMPLE}: fine\n")
    bad = checked(write(tmp_path, "streams = 0"))
    assert (bad.returncode, bad.stdout) == (2, "")
    assert bad.stderr.startswith("pvcapid: ")
