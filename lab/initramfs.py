"""The archive that a Linux kernel unpacks as its first file system: cpio in its "newc" form, gzipped.

Format: Documentation/driver-api/early-userspace/buffer-format.rst of the Linux kernel.
"""

import gzip
import stat
from pathlib import Path

ALIGNMENT_BYTES = 4
CONSOLE_DEVICE = (5, 1)


class Archive:
    """Files, directories, links and the console device of an initramfs, in the order in which they are added."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []
        self._inode = 0

    def add_directory(self, name: str) -> None:
        self._add(name, stat.S_IFDIR | 0o755, b"")

    def add_file(self, name: str, content: bytes, *, executable: bool = False) -> None:
        self._add(name, stat.S_IFREG | (0o755 if executable else 0o644), content)

    def add_link(self, name: str, target: str) -> None:
        self._add(name, stat.S_IFLNK | 0o777, target.encode())

    def add_console(self) -> None:
        """Without /dev/console the kernel starts init with no way to say anything."""
        self._add("dev/console", stat.S_IFCHR | 0o600, b"", device=CONSOLE_DEVICE)

    def write_to(self, path: Path) -> None:
        """Finish the archive and write it, whole or not at all."""
        self._add("TRAILER!!!", 0, b"")
        fresh = path.with_suffix(".new")
        fresh.write_bytes(gzip.compress(b"".join(self._parts), compresslevel=6))
        fresh.replace(path)

    def _add(self, name: str, mode: int, content: bytes, device: tuple[int, int] = (0, 0)) -> None:
        self._inode += 1
        raw_name = name.encode() + b"\0"
        owner, group, links, modified, on_device, checksum = 0, 0, 1, 0, (0, 0), 0
        fields = (
            self._inode,
            mode,
            owner,
            group,
            links,
            modified,
            len(content),
            *on_device,
            *device,
            len(raw_name),
            checksum,
        )
        header = b"070701" + b"".join(b"%08X" % field for field in fields)
        self._parts += [_padded(header + raw_name), _padded(content)]


def _padded(part: bytes) -> bytes:
    return part + b"\0" * (-len(part) % ALIGNMENT_BYTES)
