from __future__ import annotations

import pytest

from pvccore.model.errors import Invalid
from pvccore.state.address import Tls, ZooKeeperAddress


@pytest.mark.parametrize(
    "text, hosts, chroot",
    [
        ("h1", "h1:2181", "/pvc"),
        ("h1:2182", "h1:2182", "/pvc"),
        (" h1:2181, h2 /prod", "h1:2181,h2:2181", "/prod"),
        ("[fd00::1]:2181,[fd00::2]/a/b", "[fd00::1]:2181,[fd00::2]:2181", "/a/b"),
        ("h1/", "h1:2181", ""),
    ],
)
def test_an_address_is_read_as_a_person_writes_it(text: str, hosts: str, chroot: str) -> None:
    address = ZooKeeperAddress.parse(text)
    assert (address.hosts, address.chroot) == (hosts, chroot)
    assert address.where == hosts + chroot
    assert address.schema.chroot == chroot


@pytest.mark.parametrize("text", ["", ",", "h1:", ":2181", "h1:x", "h1:0", "h1:65536", "h1,,h2", "h1/a b"])
def test_what_is_no_address_is_refused(text: str) -> None:
    with pytest.raises(Invalid):
        ZooKeeperAddress.parse(text)


def test_the_password_is_never_shown() -> None:
    address = ZooKeeperAddress.parse("h1", auth="ops:secret")
    assert "secret" not in f"{address!r} {address} {address.where}"
    assert address.client_options()["auth_data"] == [("digest", "ops:secret")]


def test_tls_is_handed_on_as_far_as_it_is_given() -> None:
    assert ZooKeeperAddress.parse("h1").client_options() == {}
    options = ZooKeeperAddress.parse("h1", tls=Tls(ca="/ca.pem")).client_options()
    assert options == {"use_ssl": True, "check_hostname": True, "ca": "/ca.pem"}
