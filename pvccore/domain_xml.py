"""libvirt XML as a person hands it in: read by a hardened parser, refused where it reaches for the host."""

from __future__ import annotations

import posixpath
import re
import uuid as uuids
from collections.abc import Iterator, Sequence
from typing import Any, cast

from lxml import etree

from pvccore.model.errors import Invalid
from pvccore.model.metadata import check_name
from pvccore.model.struct import Struct

MAX_XML_BYTES = 256 * 1024
MAX_MEMORY_MB = 64 * 1024 * 1024
MAX_VCPUS = 4096
MAX_VOLUMES = 256
HOST_PATHS = (
    "/usr/share",
    "/usr/lib",
    "/usr/bin",
    "/var/log/libvirt",
    "/var/lib/libvirt/qemu",
    "/dev/urandom",
    "/dev/random",
)
"""What a domain may name on its host without being told so: firmware, emulators, logs, its own state, randomness."""

_KIB = 1024
_UNITS = {
    "b": 1, "bytes": 1, "kb": 1000, "k": _KIB, "kib": _KIB, "mb": 1000**2, "m": _KIB**2, "mib": _KIB**2,
    "gb": 1000**3, "g": _KIB**3, "gib": _KIB**3, "tb": 1000**4, "t": _KIB**4, "tib": _KIB**4,
}  # fmt: skip
_REACHING = frozenset(
    {
        "bootloader",
        "filesystem",
        "hostdev",
        "init",
        "lease",
        "nvdimm",
        "pstore",
        "redirdev",
        "script",
        "seclabel",
        "shmem",
        "smartcard",
    }
)
_TYPES = {
    "domain": frozenset({"kvm", "qemu"}),
    "disk": frozenset({"network", "file", "block"}),
    "interface": frozenset({"bridge", "network"}),
    "serial": frozenset({"pty", "null", "unix"}),
    "parallel": frozenset({"pty", "null", "unix"}),
    "console": frozenset({"pty", "null", "unix"}),
    "channel": frozenset({"pty", "null", "unix", "spicevmc"}),
    "backend": frozenset({"builtin", ""}),
    "audio": frozenset({"none", "spice"}),
}
"""Elements that may have only these types: the others open files, devices or sockets of the host, or its loopback."""
_PATH_TAGS = frozenset({"backend", "dtb", "emulator", "initrd", "kernel", "loader", "nvram", "path", "shim", "table"})
_PATH_ATTRIBUTES = frozenset({"dir", "file", "logFile", "path", "rendernode", "socket", "tap", "template", "vhost"})
"""What holds a path. A relative one would be looked for from where libvirt's daemon runs, which is the root."""
_EMULATOR = re.compile(r"/(?:[\w.+-]+/)+(?:qemu[\w.+-]*|kvm)", re.ASCII)
_RBD_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,95}(?:/[A-Za-z0-9][A-Za-z0-9._-]{0,95}){1,2}")


class Domain(Struct, frozen=True, kw_only=True):
    """What the cluster needs to know of a domain's XML.

    uuid: "" when the XML has none. volumes: RBD images as pool/image. networks: bridges and networks of its interfaces.
    """

    name: str
    uuid: str
    memory_mb: int
    vcpus: int
    volumes: tuple[str, ...]
    networks: tuple[str, ...]


def parse_domain(text: str, *, paths: Sequence[str] = ()) -> Domain:
    """The facts of a domain's XML; raises `Invalid` naming the element that is missing, wrong or reaches for the host.

    paths: further folders of the host that files may be in.
    """
    root = _parse(text)
    for element in _elements(root):
        _check(element, paths)
    return Domain(
        name=check_name("name", _text(root, "name")),
        uuid=_uuid(root),
        memory_mb=_memory_mb(root),
        vcpus=_whole(root, "vcpu", MAX_VCPUS),
        volumes=_volumes(root),
        networks=_networks(root),
    )


def with_name(text: str, name: str) -> str:
    """The XML with another name."""
    return _with(text, "name", name)


def with_uuid(text: str, uuid: str) -> str:
    """The XML with this uuid."""
    return _with(text, "uuid", uuid)


def _parse(text: str, *, keep_comments: bool = False) -> etree._Element:
    """The root. Without comments, text is read as libvirt does, to whom a comment in the midst of it is nothing."""
    document = text.encode(errors="replace")
    if len(document) > MAX_XML_BYTES:
        raise Invalid("xml", f"{len(document)} bytes", f"is larger than {MAX_XML_BYTES} bytes")
    parser = etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=False,
        remove_pis=True,
        remove_comments=not keep_comments,
    )
    try:
        root = etree.fromstring(_without_declaration(document), parser)
    except etree.XMLSyntaxError as error:
        raise Invalid("xml", _shown(text), f"is not well-formed: {error.msg}") from None
    document_type = cast("Any", root.getroottree().docinfo).doctype
    if document_type:
        raise Invalid("xml", document_type, "may have no document type")
    if root.tag != "domain":
        raise Invalid("xml", _shown(str(root.tag)), "must be a <domain>")
    return root


def _without_declaration(document: bytes) -> bytes:
    """The text is decoded already: an encoding that it declares would be believed instead."""
    return re.sub(rb"^\s*<\?xml[^>]*\?>", b"", document, count=1)


def _elements(root: etree._Element) -> Iterator[etree._Element]:
    """Every element but what lies in <metadata>, which libvirt does not interpret."""
    yield root
    for child in root:
        if child.tag != "metadata":
            yield from child.iter()


def _check(element: etree._Element, paths: Sequence[str]) -> None:
    tag = _tag(element)
    if isinstance(element, etree._Entity):  # noqa: SLF001 - lxml has no public name for its types
        raise Invalid("xml", _shown(str(element)), "is an entity, which is not allowed")
    if "}" in tag:
        raise Invalid(_words(element), tag.partition("}")[0].strip("{"), "reaches past libvirt, which is not allowed")
    if tag in _REACHING:
        raise Invalid(tag, _place(element), "reaches for the host, which is not allowed")
    if len(element) and any((text or "").strip() for text in (element.text, *(child.tail for child in element))):
        raise Invalid(tag, _place(element), "mixes text and elements")
    _check_type(element)
    _check_source(element)
    _check_paths(element, paths)


def _check_paths(element: etree._Element, paths: Sequence[str]) -> None:
    tag = _tag(element)
    values = {"": (element.text or "").strip()} | {str(name): str(one).strip() for name, one in element.attrib.items()}
    for name, value in values.items():
        if not _is_within(value, (*HOST_PATHS, *paths)):
            raise Invalid(tag, _shown(value), "is a path of the host outside those that are allowed")
        holds_path = name in _PATH_ATTRIBUTES or (name, tag) == ("dev", "source") or (not name and tag in _PATH_TAGS)
        if holds_path and value and not value.startswith("/"):
            raise Invalid(tag, _shown(value), "must be an absolute path")
    if tag == "emulator" and not (_EMULATOR.fullmatch(values[""]) or _is_within(values[""], paths)):
        raise Invalid(tag, _shown(values[""]), "must be qemu or kvm")


def _check_source(element: etree._Element) -> None:
    """A source is a socket of libvirt's own making, or the volume of a disk, of which the cluster then knows."""
    if _tag(element) != "source":
        return
    if element.get("mode", "bind") != "bind":
        raise Invalid("source mode", element.get("mode"), "must be bind")
    protocol = element.get("protocol")
    if protocol not in (None, "rbd"):
        raise Invalid("source protocol", protocol, "must be rbd")
    above = [_tag(one) for one in element.iterancestors()]
    if protocol is not None and above != ["disk", "devices", "domain"]:
        raise Invalid("source", _place(element), "names a volume and is no disk's")


def _check_type(element: etree._Element) -> None:
    tag = _tag(element)
    allowed = _TYPES.get(tag)
    kind = element.get("type", "")
    parent = element.getparent()
    if tag == "backend" and parent is not None and parent.tag == "tpm":
        tag, allowed = "tpm backend", frozenset({"emulator"})
    if allowed is not None and kind not in allowed:
        raise Invalid(f"{tag} type", kind, "must be one of " + ", ".join(sorted(allowed)))


def _is_within(value: str, paths: Sequence[str]) -> bool:
    """Whether a value is no path of the host, or one inside an allowed folder."""
    if not value.startswith("/"):
        return True
    path = posixpath.normpath(value)
    return any(path == allowed or path.startswith(allowed.rstrip("/") + "/") for allowed in paths)


def _text(root: etree._Element, tag: str) -> str:
    found = root.findall(tag)
    if len(found) != 1 or not (found[0].text or "").strip():
        raise Invalid(tag, "", f"must stand in <domain> exactly once, it is there {len(found)} times")
    return cast("str", found[0].text).strip()


def _uuid(root: etree._Element) -> str:
    if root.find("uuid") is None:
        return ""
    text = _text(root, "uuid")
    try:
        return str(uuids.UUID(text))
    except ValueError:
        raise Invalid("uuid", _shown(text), "is not a uuid") from None


def _whole(root: etree._Element, tag: str, most: int) -> int:
    text = _text(root, tag)
    if not (text.isascii() and text.isdigit() and len(text) <= len(str(most))) or not 1 <= int(text) <= most:
        raise Invalid(tag, _shown(text), f"must be a whole number from 1 to {most}")
    return int(text)


def _memory_mb(root: etree._Element) -> int:
    amount = _whole(root, "memory", MAX_MEMORY_MB * _KIB**2)
    unit = str(root.xpath("string(memory/@unit)")) or "KiB"
    factor = _UNITS.get(unit.lower())
    if factor is None:
        raise Invalid("memory unit", _shown(unit), "is not a unit")
    memory_mb = -(-amount * factor // _KIB**2)
    if not 1 <= memory_mb <= MAX_MEMORY_MB:
        raise Invalid("memory", f"{amount} {unit}", f"must be 1 MiB to {MAX_MEMORY_MB} MiB")
    return memory_mb


def _volumes(root: etree._Element) -> tuple[str, ...]:
    names = [source.get("name", "") for source in root.iterfind("devices/disk/source[@protocol='rbd']")]
    for name in names:
        if not _RBD_NAME.fullmatch(name):
            raise Invalid("disk source name", _shown(name), "must be like pool/image")
    if len(names) > MAX_VOLUMES:
        raise Invalid("disk", len(names), f"are more than {MAX_VOLUMES}")
    return tuple(dict.fromkeys(names))


def disk_target(text: str, volume: str) -> str:
    """The name that a domain's guest disk on a volume has in libvirt, as "vda"; "" when it has none on it."""
    for disk in _parse(text).iterfind("devices/disk"):
        source, target = disk.find("source"), disk.find("target")
        if source is not None and target is not None and source.get("name") == volume:
            return str(target.get("dev", ""))
    return ""


def console_log(text: str) -> str:
    """The file of the host that libvirt writes a domain's serial console to; "" when its XML names none."""
    root = _parse(text)
    found = root.xpath("devices/serial/log/@file | devices/console/log/@file")
    return str(found[0]) if isinstance(found, list) and found else ""


def _networks(root: etree._Element) -> tuple[str, ...]:
    sources = root.iterfind("devices/interface/source")
    names = [source.get("bridge") or source.get("network") or "" for source in sources]
    return tuple(dict.fromkeys(check_name("interface source", name) for name in names if name))


def _with(text: str, tag: str, value: str) -> str:
    root = _parse(text, keep_comments=True)
    element = root.find(tag)
    if element is None:
        element = etree.Element(tag)
        element.tail = "\n  "
        root.insert(0, element)
    for comment in list(element):
        element.remove(comment)
    element.text = value
    return etree.tostring(root, encoding="unicode")


def _tag(element: etree._Element) -> str:
    return str(element.tag)


def _words(element: etree._Element) -> str:
    prefix = element.prefix
    name = etree.QName(element).localname
    return f"{prefix}:{name}" if prefix else name


def _place(element: etree._Element) -> str:
    parent = element.getparent()
    return f"<{_tag(element)}>" if parent is None else f"<{_tag(parent)}><{_tag(element)}>"


def _shown(text: str) -> str:
    return text if len(text) <= 60 else text[:60] + "…"  # noqa: PLR2004 - enough to find it by
