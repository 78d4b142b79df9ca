"""libvirt XML: its facts, and everything by which it could reach for the host."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pvccore.domain_xml import MAX_XML_BYTES, Domain, console_log, parse_domain, with_name, with_uuid
from pvccore.model.errors import Invalid

UUID = "8c1f2a34-5b6c-4d7e-8f90-123456789abc"
FULL = f"""<?xml version='1.0' encoding='utf-8'?>
<!-- a comment -->
<domain type='kvm'>
  <name>web1</name>
  <uuid>{UUID.upper()}</uuid>
  <metadata><app:x xmlns:app='urn:x' path='/etc/shadow'/></metadata>
  <memory unit='KiB'>4194304</memory>
  <vcpu placement='static'>2</vcpu>
  <os><type arch='x86_64' machine='q35'>hvm</type><loader readonly='yes'>/usr/share/OVMF/OVMF_CODE.fd</loader></os>
  <devices>
    <emulator>/usr/bin/qemu-system-x86_64</emulator>
    <disk type='network' device='disk'>
      <source protocol='rbd' name='vms/web1_disk0'><host name='10.1.0.1' port='6789'/></source>
    </disk>
    <disk type='network' device='disk'><source protocol='rbd' name='vms/web1_disk1'/></disk>
    <interface type='bridge'><source bridge='br100'/></interface>
    <interface type='network'><source network='default'/></interface>
    <rng model='virtio'><backend model='random'>/dev/urandom</backend></rng>
    <serial type='pty'><log file='/var/log/libvirt/qemu/web1.serial'/></serial>
    <tpm model='tpm-crb'><backend type='emulator' version='2.0'/></tpm>
  </devices>
</domain>
"""


def small(
    inside: str = "", *, name: str = "web1", memory: str = "<memory>1048576</memory>", vcpu: str = "<vcpu>1</vcpu>"
) -> str:
    return f"<domain type='kvm'><name>{name}</name>{memory}{vcpu}<devices>{inside}</devices></domain>"


def test_the_facts_of_a_whole_domain_are_read() -> None:
    assert parse_domain(FULL) == Domain(
        name="web1",
        uuid=UUID,
        memory_mb=4096,
        vcpus=2,
        volumes=("vms/web1_disk0", "vms/web1_disk1"),
        networks=("br100", "default"),
    )


def test_a_domain_without_a_uuid_has_none() -> None:
    assert parse_domain(small()).uuid == ""


@pytest.mark.parametrize(
    "amount, unit, memory_mb",
    [
        ("1048577", "KiB", 1025),
        ("2", "GiB", 2048),
        ("2", "G", 2048),
        ("512", "MiB", 512),
        ("1000", "MB", 954),
        ("1", "T", 1048576),
    ],
)
def test_memory_is_read_in_every_unit_and_rounded_up(amount: str, unit: str, memory_mb: int) -> None:
    assert parse_domain(small(memory=f"<memory unit='{unit}'>{amount}</memory>")).memory_mb == memory_mb


@pytest.mark.parametrize(
    "inside, words",
    [
        ("<hostdev mode='subsystem' type='pci'/>", "hostdev"),
        ("<filesystem type='mount'><source dir='/'/></filesystem>", "filesystem"),
        ("<shmem name='x'/>", "shmem"),
        ("<redirdev bus='usb' type='tcp'/>", "redirdev"),
        ("<disk type='dir'><source dir='/etc'/></disk>", "disk type 'dir'"),
        ("<disk type='vhostuser'/>", "disk type 'vhostuser'"),
        ("<disk><source file='/etc/shadow'/></disk>", "disk type ''"),
        ("<disk type='file'><source file='/etc/shadow'/></disk>", "source '/etc/shadow': is a path of the host"),
        ("<disk type='file'><source file='/usr/share/../../etc/shadow'/></disk>", "source '/usr/share/"),
        ("<disk type='file'><source file='/usr/shared'/></disk>", "source '/usr/shared'"),
        ("<disk type='block'><source dev='/dev/sda'/></disk>", "source '/dev/sda'"),
        ("<disk type='network'><source protocol='nbd' name='x'/></disk>", "source protocol 'nbd'"),
        ("<disk type='network'><source protocol='rbd' name='../x'/></disk>", "disk source name"),
        ("<disk type='network'><source protocol='rbd'/></disk>", "disk source name ''"),
        ("<interface type='direct'><source dev='eth0'/></interface>", "interface type 'direct'"),
        ("<interface type='bridge'><source bridge='br 1'/></interface>", "interface source 'br 1'"),
        ("<interface type='bridge'><script path='/bin/sh'/></interface>", "script"),
        ("<serial type='dev'><source path='/dev/ttyS0'/></serial>", "serial type 'dev'"),
        ("<serial type='tcp'/>", "serial type 'tcp'"),
        ("<channel type='pipe'/>", "channel type 'pipe'"),
        ("<tpm><backend type='passthrough'/></tpm>", "tpm backend type 'passthrough'"),
        ("<emulator>/tmp/evil</emulator>", "emulator '/tmp/evil'"),
        ("<rng><backend model='random'>/dev/sda</backend></rng>", "backend '/dev/sda'"),
        ("<lease/>", "lease"),
        ("<smartcard mode='host'/>", "smartcard"),
        ("<interface type='user'/>", "interface type 'user'"),
        ("<audio id='1' type='pulseaudio'/>", "audio type 'pulseaudio'"),
        ("<disk type='file'><source file='etc/shadow'/></disk>", "source 'etc/shadow': must be an absolute path"),
        ("<disk type='block'><source dev='dev/sda'/></disk>", "source 'dev/sda': must be an absolute path"),
        ("<input type='evdev'><source dev='dev/input/event0'/></input>", "source 'dev/input/event0'"),
        ("<memory model='nvdimm'><source><path>etc/shadow</path></source></memory>", "path 'etc/shadow'"),
        ("<rng><backend model='random'>dev/sda</backend></rng>", "backend 'dev/sda'"),
        (
            "<rng><backend model='egd' type='tcp'><source mode='connect' host='h'/></backend></rng>",
            "backend type 'tcp'",
        ),
        ("<graphics type='vnc' socket='run/x'/>", "graphics 'run/x': must be an absolute path"),
        (
            "<serial type='unix'><source mode='connect' path='/var/lib/libvirt/qemu/1/monitor.sock'/></serial>",
            "source mode 'connect': must be bind",
        ),
        ("<emulator>/usr/bin/python3</emulator>", "emulator '/usr/bin/python3': must be qemu or kvm"),
        ("<emulator>qemu-system-x86_64</emulator>", "emulator 'qemu-system-x86_64': must be an absolute path"),
        ("<emulator><!-- -->/tmp/evil</emulator>", "emulator '/tmp/evil'"),
        ("<emulator>/usr/bin/<!-- -->../../tmp/kvm</emulator>", "emulator '/usr/bin/../../tmp/kvm'"),
        ("<emulator>/usr/bin/<x/>../../tmp/kvm</emulator>", "mixes text and elements"),
        (
            "<disk type='network'><backingStore><source protocol='rbd' name='vms/b'/></backingStore></disk>",
            "names a volume and is no disk's",
        ),
    ],
)
def test_what_reaches_for_the_host_is_refused_by_name(inside: str, words: str) -> None:
    with pytest.raises(Invalid) as caught:
        parse_domain(small(inside))
    assert words in str(caught.value)


@pytest.mark.parametrize(
    "text, words",
    [
        (
            "<domain type='kvm' xmlns:qemu='http://libvirt.org/schemas/domain/qemu/1.0'><qemu:commandline/></domain>",
            "qemu:commandline",
        ),
        ("<domain type='xen'><name>a</name></domain>", "domain type 'xen'"),
        ("<domain type='kvm'><seclabel type='none'/></domain>", "seclabel"),
        ("<domain type='kvm'><os><kernel>/boot/vmlinuz</kernel></os></domain>", "kernel '/boot/vmlinuz'"),
        ("<domain type='kvm'><os><kernel>boot/vmlinuz</kernel></os></domain>", "kernel 'boot/vmlinuz'"),
        (
            "<domain type='kvm'><os><nvram type='network'><source protocol='rbd' name='vms/b'/></nvram></os></domain>",
            "names a volume and is no disk's",
        ),
        (
            "<domain type='kvm'><sysinfo type='fwcfg'><entry name='opt/x' file='etc/shadow'/></sysinfo></domain>",
            "entry 'etc/shadow'",
        ),
        ("<domain type='kvm'><bootloader>/bin/sh</bootloader></domain>", "bootloader"),
        ("<network><name>a</name></network>", "must be a <domain>"),
        ("<domain", "is not well-formed"),
        ("", "is not well-formed"),
        ("no xml", "is not well-formed"),
        ("<!DOCTYPE domain><domain type='kvm'><name>a</name></domain>", "may have no document type"),
        (
            "<!DOCTYPE domain [<!ENTITY x SYSTEM 'file:///etc/passwd'>]><domain type='kvm'><name>&x;</name></domain>",
            "may have no document type",
        ),
        ("<domain type='kvm'><name>&x;</name></domain>", "is not well-formed"),
        ("x" * (MAX_XML_BYTES + 1), "is larger than"),
        ("<domain type='kvm'>" + "<a>" * 400 + "</a>" * 400 + "</domain>", "is not well-formed"),
    ],
)
def test_a_document_that_is_no_honest_domain_is_refused(text: str, words: str) -> None:
    with pytest.raises(Invalid) as caught:
        parse_domain(text)
    assert words in str(caught.value)


@pytest.mark.parametrize(
    "text, words",
    [
        (small(name=""), "name ''"),
        (small(name="a/b"), "name 'a/b'"),
        (small(name="a<b/>c"), "mixes text and elements"),
        (small("", name="x</name><name>y"), "it is there 2 times"),
        (small(memory=""), "memory ''"),
        (small(memory="<memory>0</memory>"), "memory '0'"),
        (small(memory="<memory>lots</memory>"), "memory 'lots'"),
        (small(memory="<memory>१</memory>"), "memory"),
        (small(memory="<memory unit='acres'>1</memory>"), "memory unit 'acres'"),
        (small(memory="<memory unit='TiB'>99999</memory>"), "memory '99999 TiB'"),
        (small(vcpu="<vcpu>0</vcpu>"), "vcpu '0'"),
        (small(vcpu="<vcpu>99999</vcpu>"), "vcpu '99999'"),
        (small().replace("<memory>", "<uuid>nonsense</uuid><memory>"), "uuid 'nonsense'"),
    ],
)
def test_a_missing_or_senseless_fact_is_named(text: str, words: str) -> None:
    with pytest.raises(Invalid) as caught:
        parse_domain(text)
    assert words in str(caught.value)


def test_too_many_volumes_are_refused() -> None:
    disks = "".join(
        f"<disk type='network'><source protocol='rbd' name='vms/d{number}'/></disk>" for number in range(257)
    )
    with pytest.raises(Invalid, match="disk 257"):
        parse_domain(small(disks))


def test_folders_of_the_host_can_be_allowed() -> None:
    xml = small("<disk type='file'><source file='/srv/images/a.qcow2'/></disk>")
    with pytest.raises(Invalid, match="/srv/images"):
        parse_domain(xml)
    assert parse_domain(xml, paths=("/srv/images/",)).name == "web1"
    with pytest.raises(Invalid, match="/srv/images"):
        parse_domain(xml, paths=("/srv/image",))


def test_the_name_and_the_uuid_can_be_set_and_the_rest_stays() -> None:
    renamed = parse_domain(with_name(FULL, "web2"))
    assert (renamed.name, renamed.volumes, renamed.uuid) == ("web2", ("vms/web1_disk0", "vms/web1_disk1"), UUID)
    assert parse_domain(with_uuid(small(), UUID)).uuid == UUID


def test_markup_in_a_new_name_stays_text() -> None:
    assert "&lt;hostdev/&gt;" in with_name(small(), "<hostdev/>")


def test_the_file_of_a_serial_console_is_found() -> None:
    assert console_log(small()) == ""
    assert console_log(small("<serial type='pty'/>")) == ""
    logged = small("<serial type='pty'><log file='/var/log/libvirt/web1.log' append='on'/></serial>")
    assert console_log(logged) == "/var/log/libvirt/web1.log"
    assert parse_domain(logged).name == "web1"


@given(st.text(max_size=200) | st.binary(max_size=200).map(lambda data: data.decode(errors="replace")))
def test_no_text_does_more_than_be_refused(text: str) -> None:
    for document in (text, f"<domain type='kvm'>{text}</domain>", small(text), small(name=text)):
        try:
            parse_domain(document)
        except Invalid as invalid:
            assert invalid.field  # noqa: PT017 - either way is right, as long as it is one of the two


def test_a_comment_in_the_midst_of_a_text_is_nothing_as_for_libvirt() -> None:
    text = small(name="web<!-- not -->1")
    assert parse_domain(text).name == "web1"
    renamed = with_name(text, "web2")
    assert parse_domain(renamed).name == "web2"
    assert "not" not in renamed


def test_comments_elsewhere_outlive_another_name() -> None:
    text = small().replace("<devices>", "<!-- the shop --><devices>")
    assert "<!-- the shop -->" in with_name(text, "web2")


@pytest.mark.parametrize(
    "inside",
    [
        "<emulator>/usr/bin/qemu-system-x86_64</emulator>",
        "<emulator>/usr/bin/kvm</emulator>",
        "<channel type='unix'><target type='virtio' name='org.qemu.guest_agent.0'/></channel>",
        "<channel type='unix'><source mode='bind' path='/var/lib/libvirt/qemu/a.agent'/></channel>",
        "<rng model='virtio'><backend model='random'>/dev/urandom</backend></rng>",
        "<rng model='virtio'><backend model='builtin'/></rng>",
        "<tpm model='tpm-crb'><backend type='emulator' version='2.0'/></tpm>",
        "<graphics type='vnc' port='-1' autoport='yes'><listen type='address' address='127.0.0.1'/></graphics>",
        "<audio id='1' type='none'/>",
        "<disk type='network'><source protocol='rbd' name='vms/a'><host name='hv1'/></source></disk>",
    ],
)
def test_what_guests_usually_have_is_taken(inside: str) -> None:
    assert parse_domain(small(inside)).name
