"""Which cluster is meant, and who asks."""

from __future__ import annotations

from pathlib import Path

import pytest

from pvccore.model.errors import Invalid, NotFound
from pvccore.operations import config as config_module
from pvccore.operations.config import choose_cluster, known_clusters, who_asks
from pvccore.operations.connecting import connect

TWO = """
[clusters.prod]
zookeeper = ["h1:2181", "h2:2181"]
chroot = "/prod"
[clusters.test]
zookeeper = ["t1"]
"""
NOTHING: dict[str, str] = {}


def config(folder: Path, text: str) -> Path:
    path = folder / "config.toml"
    path.write_text(text)
    path.chmod(0o600)
    return path


def test_a_configured_cluster_is_chosen_by_name(tmp_path: Path) -> None:
    path = config(tmp_path, TWO)
    name, address = choose_cluster("prod", config=path, environment=NOTHING)
    assert (name, address.hosts, address.chroot) == ("prod", "h1:2181,h2:2181", "/prod")
    assert choose_cluster("test", config=path, environment=NOTHING)[1].where == "t1:2181/pvc"


def test_an_address_is_taken_as_it_is() -> None:
    name, address = choose_cluster("h1:2181,h2:2181/lab", environment=NOTHING)
    assert (name, address.where) == ("", "h1:2181,h2:2181/lab")


def test_the_variable_counts_when_nothing_is_chosen(tmp_path: Path) -> None:
    path = config(tmp_path, TWO)
    environment = {"PVC_ZOOKEEPER": "h9:2181/x"}
    assert choose_cluster(config=path, environment=environment)[1].where == "h9:2181/x"
    assert choose_cluster("prod", config=path, environment=environment)[0] == "prod"


def test_the_only_cluster_need_not_be_named(tmp_path: Path) -> None:
    path = config(tmp_path, '[clusters.prod]\nzookeeper = ["h1"]\n')
    assert choose_cluster(config=path, environment=NOTHING)[0] == "prod"


def test_which_of_several_is_asked_for(tmp_path: Path) -> None:
    with pytest.raises(Invalid, match="choose one by -c: prod, test"):
        choose_cluster(config=config(tmp_path, TWO), environment=NOTHING)


def test_an_unknown_name_is_not_found(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match=r"no cluster 'staging'; configured are: prod, test$"):
        choose_cluster("staging", config=config(tmp_path, TWO), environment=NOTHING)


def test_an_address_without_its_port_is_told_to_have_one(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match=r"; an address has its port: 10\.0\.0\.1:2181$"):
        choose_cluster("10.0.0.1", config=config(tmp_path, TWO), environment=NOTHING)


def test_no_cluster_at_all_is_said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(config_module, "CONFIG_FILES", (tmp_path / "none.toml",))
    with pytest.raises(Invalid, match=r"none is configured in .*none.toml; name one by -c host:2181/chroot"):
        choose_cluster(environment=NOTHING)


def test_the_first_file_that_exists_is_read(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    path = config(tmp_path, TWO)
    monkeypatch.setattr(config_module, "CONFIG_FILES", (tmp_path / "none.toml", path))
    assert set(known_clusters()) == {"prod", "test"}


@pytest.mark.parametrize(
    "text, words",
    [
        ("[clusters.a]\nzookeper = ['h1']\n", "zookeper"),
        ("[clusters.a]\nzookeeper = 'h1'\n", r"clusters\[\.\.\.\]\.zookeeper"),
        ("[clusters.a]\nchroot = '/x'\n", "zookeeper"),
        ("[clusters", "config"),
        ("[clusters.a]\nzookeeper = ['h1:x']\n", "zookeeper"),
        ("[clusters.a]\nzookeeper = ['h1']\nchroot = 'x y'\n", "chroot 'x y'"),
        ("[clusters.a]\nzookeper = ['h1']\n", r"clusters\[\.\.\.\]\.zookeper: is not a key here"),
        ("[clusters.a]\nchroot = '/x'\n", r"clusters\[\.\.\.\]\.zookeeper: is missing"),
    ],
)
def test_a_bad_file_names_what_is_wrong(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(Invalid, match=words):
        known_clusters(config(tmp_path, text))


def test_a_file_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(Invalid, match=r"config .*none\.toml"):
        known_clusters(tmp_path / "none.toml")


def test_a_password_must_not_lie_open(tmp_path: Path) -> None:
    path = config(tmp_path, '[clusters.a]\nzookeeper = ["h1"]\nauth = "pvc:secret"\n')
    assert known_clusters(path)["a"].auth == "pvc:secret"
    assert "secret" not in repr(known_clusters(path)["a"])
    path.chmod(0o644)
    with pytest.raises(Invalid, match="chmod 600") as caught:
        known_clusters(path)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("written", ["hushhush", ":hushhush", "hushhush:"])
@pytest.mark.parametrize("key", ["auth", "viewers"])
def test_a_password_without_its_user_is_told_and_not_quoted(tmp_path: Path, key: str, written: str) -> None:
    path = config(tmp_path, f'[clusters.a]\nzookeeper = ["h1"]\n{key} = "{written}"\n')
    with pytest.raises(Invalid, match=f"{key} '…': must be like user:password") as caught:
        known_clusters(path)
    assert "hush" not in str(caught.value)


def test_a_file_of_tls_that_is_not_there_is_named(tmp_path: Path) -> None:
    path = config(tmp_path, '[clusters.a]\nzookeeper = ["h1"]\n[clusters.a.tls]\nca = "/nowhere/ca.pem"\n')
    with pytest.raises(Invalid, match=r"tls\.ca '/nowhere/ca\.pem': No such file"):
        connect(known_clusters(path)["a"], limit_s=0.1)


def test_tls_is_handed_on(tmp_path: Path) -> None:
    path = config(tmp_path, '[clusters.a]\nzookeeper = ["h1"]\n[clusters.a.tls]\nca = "/etc/pvc/ca.pem"\n')
    tls = known_clusters(path)["a"].tls
    assert tls is not None
    assert (tls.ca, tls.check_hostname) == ("/etc/pvc/ca.pem", True)


def test_who_asks_is_the_person_behind_sudo() -> None:
    name, at, host = who_asks({"SUDO_USER": "anna"}).partition("@")
    assert (name, at) == ("anna", "@")
    assert host
    assert "." not in host
    assert who_asks(NOTHING).partition("@")[0]
