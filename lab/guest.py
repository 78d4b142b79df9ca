"""Tiny guests of the lab: a Debian kernel with an initramfs of its own that boots in a moment and says that it lives.

The guest prints `tick N` on its serial console every second and powers off at the ACPI button. On `/dev/vda`, when it
has one, it keeps a line `COUNT BOOT`: it goes on from the count that it finds, and should another guest ever have
written between two of its own writes it says `another writer` and notes it in the second sector, for good. It looks
for that every fourth second only: twenty guests without KVM are to leave the machine some time.
"""

import shutil
from dataclasses import dataclass
from pathlib import Path
from xml.sax.saxutils import escape, quoteattr

from lab.commands import LabError, run
from lab.initramfs import Archive
from lab.turns import one_at_a_time

CACHE = Path("/var/cache/pvc-lab")
KERNEL_PACKAGE = "linux-image-cloud-amd64"
BUSYBOX = Path("/usr/bin/busybox")
RECIPE = 4  # raise it when the initramfs below changes, so that a cached one is made anew
SECTOR_BYTES = 512
GUEST_MEMORY_MB = 96  # with 64 this kernel can not even unpack itself

# What a guest without KVM would spend its first seconds on, and needs none of.
QUICKLY = "quiet nokaslr mitigations=off lsm=none audit=0 no_timer_check tsc=reliable 8250.nr_uarts=1 cryptomgr.notests"

# In the order in which the kernel needs them: the disk's bus, the disk, the power button and its events.
MODULES = (
    "drivers/virtio/virtio_ring.ko",
    "drivers/virtio/virtio.ko",
    "drivers/virtio/virtio_pci_modern_dev.ko",
    "drivers/virtio/virtio_pci_legacy_dev.ko",
    "drivers/virtio/virtio_pci.ko",
    "drivers/block/virtio_blk.ko",
    "drivers/input/evdev.ko",
    "drivers/acpi/button.ko",
)

APPLETS = ("sh", "mount", "insmod", "poweroff", "sleep", "head", "dd", "cut")

INIT = """#!/bin/sh
mount -t proc proc /proc
mount -t devtmpfs dev /dev
for module in MODULES; do insmod /modules/$module; done
for button in /dev/input/event*; do
    { head -c 24 "$button" >/dev/null && echo "power button" && poweroff -f; } &
done
read -r boot </proc/sys/kernel/random/boot_id
count=0
disk=/dev/vda
if [ -b $disk ]; then
    found=$(head -c 17 $disk | cut -d ' ' -f 1)
    case $found in *[!0-9]* | '') ;; *) count=$(printf %d "$((1$found - 10000000000))") ;; esac
    echo "disk count $count"
fi
line=
while :; do
    count=$((count + 1))
    if [ -b $disk ]; then
        if [ -n "$line" ] && [ $((count % 4)) = 0 ]; then
            found=$(dd if=$disk bs=512 count=1 iflag=direct 2>/dev/null | head -c 47)
            if [ "$found" != "$line" ]; then
                echo "another writer"
                echo "another writer" | dd of=$disk bs=512 seek=1 conv=sync,fsync 2>/dev/null
            fi
        fi
        line=$(printf '%010d %s' $count $boot)
        echo "$line" | dd of=$disk bs=512 conv=sync,fsync 2>/dev/null || echo "disk refused"
    fi
    echo "tick $count"
    sleep 1
done
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class GuestImage:
    """The kernel and the initramfs that every guest of the lab boots."""

    kernel: Path
    initramfs: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class DiskState:
    """What a guest left on its disk: how far it counted, in which boot, and whether two guests ever wrote at once."""

    count: int
    boot: str
    another_writer: bool


def guest_image(cache: Path = CACHE) -> GuestImage:
    """The image from the cache, made there first when it is missing."""
    image = GuestImage(kernel=cache / "vmlinuz", initramfs=cache / f"initramfs-{RECIPE}")
    with one_at_a_time(cache / "image.lock"):
        if not (image.kernel.exists() and image.initramfs.exists()):
            _make(image, cache)
    return image


def read_disk(disk: bytes) -> DiskState:
    """What the first two sectors of a guest's disk say."""
    first, second = disk[:SECTOR_BYTES], disk[SECTOR_BYTES : 2 * SECTOR_BYTES]
    count, _, boot = first.rstrip(b"\0\n").decode(errors="replace").partition(" ")
    return DiskState(count=int(count or 0), boot=boot, another_writer=second.startswith(b"another writer"))


def domain_type() -> str:
    """What runs guests: kvm, or else qemu, which is TCG: some ten times slower, and the same in every other way.

    A `/dev/kvm` is not enough: where the processor shows no virtualisation of its own (a machine under kvm-pvm), an
    unprepared guest's kernel does not come up under KVM within a minute, and in 3 s under TCG.
    """
    flags = Path("/proc/cpuinfo").read_text().split()
    return "kvm" if Path("/dev/kvm").exists() and not {"vmx", "svm"}.isdisjoint(flags) else "qemu"


def domain_xml(
    name: str,
    uuid: str,
    *,
    memory_mb: int = GUEST_MEMORY_MB,
    vcpus: int = 1,
    disk_xml: str = "",
    image: GuestImage | None = None,
) -> str:
    """The libvirt XML of a guest that boots here; `disk_xml` is its disk, as /dev/vda, if it has one."""
    image = image or guest_image()
    return f"""<domain type='{domain_type()}'>
  <name>{escape(name)}</name>
  <uuid>{escape(uuid)}</uuid>
  <memory unit='MiB'>{memory_mb}</memory>
  <vcpu>{vcpus}</vcpu>
  <os>
    <type arch='x86_64' machine='q35'>hvm</type>
    <kernel>{escape(str(image.kernel))}</kernel>
    <initrd>{escape(str(image.initramfs))}</initrd>
    <cmdline>console=ttyS0 panic=-1 rdinit=/init {QUICKLY}</cmdline>
  </os>
  <features><acpi/><apic/></features>
  {_cpu_xml()}
  <on_poweroff>destroy</on_poweroff>
  <on_reboot>restart</on_reboot>
  <on_crash>destroy</on_crash>
  <devices>
    {disk_xml}
    <serial type='pty'>
      <log file={quoteattr(f"/var/log/libvirt/qemu/{name}.serial")} append='on'/>
    </serial>
    <console type='pty'/>
    <memballoon model='none'/>
  </devices>
</domain>
"""


def _cpu_xml() -> str:
    """A CPU that every KVM grants, nested ones included: they refuse the host's own model."""
    if domain_type() == "qemu":
        return ""
    no_nesting = "<feature policy='disable' name='svm'/>"
    return f"<cpu mode='custom' match='exact'><model fallback='forbid'>qemu64</model>{no_nesting}</cpu>"


def _make(image: GuestImage, cache: Path) -> None:
    """Fetch the kernel's package, take out kernel and modules without installing it, and pack the initramfs."""
    unpacked = cache / "unpacked"
    shutil.rmtree(unpacked, ignore_errors=True)
    run("dpkg-deb", "--extract", str(_fetch_kernel_package(cache)), str(unpacked), limit_s=120)
    modules = next((unpacked / "lib/modules").iterdir()) / "kernel"
    archive = Archive()
    for directory in ("bin", "dev", "modules", "proc"):
        archive.add_directory(directory)
    archive.add_console()
    archive.add_file("bin/busybox", BUSYBOX.read_bytes(), executable=True)
    for applet in APPLETS:
        archive.add_link(f"bin/{applet}", "busybox")
    for module in MODULES:
        archive.add_file(f"modules/{Path(module).name}", (modules / module).read_bytes())
    names = " ".join(Path(module).name for module in MODULES)
    archive.add_file("init", INIT.replace("MODULES", names).encode(), executable=True)
    archive.write_to(image.initramfs)
    next((unpacked / "boot").glob("vmlinuz-*")).rename(image.kernel)
    shutil.rmtree(unpacked)


def _fetch_kernel_package(cache: Path) -> Path:
    """The newest kernel package, downloaded and not installed."""
    depends = run("apt-cache", "depends", "--important", KERNEL_PACKAGE).split()
    names = [word for word in depends if word.startswith("linux-image-") and word != KERNEL_PACKAGE]
    if not names:
        raise LabError(f"apt knows no {KERNEL_PACKAGE}; run apt-get update")
    address = run("apt-get", "download", "--print-uris", names[0]).split()
    package = cache / address[1]
    if not package.exists():
        run("sh", "-c", 'cd "$1" && apt-get download -q "$2"', "sh", str(cache), names[0], limit_s=300)
    return package
