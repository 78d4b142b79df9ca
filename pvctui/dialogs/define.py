"""A new VM: its XML from a file or the editor, checked; then its metadata, and what becomes of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from textual.message import Message
from textual.widget import Widget
from textual.widgets import Input

from pvccore.domain_xml import MAX_XML_BYTES, Domain, parse_domain
from pvccore.model.errors import Invalid, PvcError
from pvccore.model.struct import replace
from pvccore.model.vm import Definition, Placement, Vm
from pvccore.operations.definitions import NewVm
from pvccore.plan.placement import Rooms
from pvctui.dialogs.dialog import Dialog
from pvctui.dialogs.field import field
from pvctui.dialogs.metadata import MetadataDialog
from pvctui.editing import edited
from pvctui.requests import define_vm
from pvctui.rows.lines import BLANK, Line, labelled
from pvctui.rows.meaning import changes_of
from pvctui.rows.view import View
from pvctui.widgets.choices import Choices
from pvctui.widgets.detail import Words
from pvctui.widgets.meter import UNKNOWN, size

EDITS = "editor"
STARTS = "start"
SKELETON = """<domain type="kvm">
  <name></name>
  <memory unit="MiB">2048</memory>
  <vcpu>2</vcpu>
  <os><type arch="x86_64">hvm</type></os>
  <devices>
    <disk type="network" device="disk">
      <source protocol="rbd" name="POOL/VOLUME"/>
      <target dev="vda" bus="virtio"/>
    </disk>
    <interface type="bridge"><source bridge="BRIDGE"/><model type="virtio"/></interface>
  </devices>
</domain>
"""


class Checked(Message):
    """The XML was read and checked. error: why it can't be used."""

    def __init__(self, xml: str, domain: Domain | None, error: str) -> None:
        super().__init__()
        self.xml = xml
        self.domain = domain
        self.error = error


class DefineDialog(Dialog):
    """Where the XML comes from; the form of its metadata follows once it is one."""

    TITLE_TEXT = "Define a VM"
    ACTION_TEXT = "Check it"

    def __init__(self, view: View, editor: Callable[..., tuple[str, str]] = edited) -> None:
        """`editor`: takes the console and a text, and returns what a person made of it, and what went wrong."""
        super().__init__(view)
        self._editor = editor
        self._draft = ""
        self._path = Input(id="field-path", compact=True, placeholder="of this machine; empty begins with a skeleton")
        self._edits = Choices([(EDITS, "open it in the editor first ($EDITOR)")], id="field-editor")

    def body(self) -> Sequence[Widget]:
        """A path, and whether to edit."""
        told = Words(markup=False)
        told.show_lines(
            [("Its libvirt XML is checked, then its metadata is asked for. Nothing starts by itself.",), BLANK]
        )
        return [told, field("XML file", self._path), field("", self._edits)]

    def act(self) -> None:
        """Read it on a thread of its own, or let it be edited."""
        path = self._path.value.strip()
        if self._edits.chosen or not path:
            text, error = self._draft or SKELETON, ""
            if path and not self._draft:
                text, error = read_file(path)
            if not error:
                self._draft, error = self._editor(self.app, text)
            if error:
                self.failed(error)
                return
            self._check(lambda: (self._draft, ""))
        else:
            self._check(lambda: read_file(path))

    def _check(self, read: Callable[[], tuple[str, str]]) -> None:
        self.begin("checking the XML")

        def check() -> None:
            xml, error = read()
            domain = None
            try:
                domain = parse_domain(xml) if not error else None
            except PvcError as wrong:
                error = str(wrong)
            self.post_message(Checked(xml, domain, error))

        self.run_worker(check, thread=True, exit_on_error=False)

    def on_checked(self, message: Checked) -> None:
        """On to its metadata, or back with the reason."""
        message.stop()
        if message.domain is None:
            self.failed(message.error)
            return
        app, view = self.app, self.view
        self.dismiss(None)
        app.push_screen(NewVmDialog(view, message.xml, message.domain))


def read_file(path: str) -> tuple[str, str]:
    """What stands in a file, no more than an XML may have; and why it could not be read."""
    try:
        with Path(path).expanduser().open("rb") as file:
            return file.read(MAX_XML_BYTES + 1).decode(), ""
    except (OSError, ValueError, RuntimeError) as error:
        return "", f"{path}: {getattr(error, 'strerror', None) or error}"


class NewVmDialog(MetadataDialog):
    """The metadata of a VM that is not defined yet, and whether it is to run at once."""

    ACTION_TEXT = "Define it"

    def __init__(self, view: View, xml: str, domain: Domain) -> None:
        definition = Definition(
            name=domain.name,
            memory_mb=domain.memory_mb,
            vcpus=domain.vcpus,
            volumes=domain.volumes,
            networks=domain.networks,
        )
        super().__init__(view, domain.uuid, draft=Vm(uuid=domain.uuid, definition=definition, placement=Placement()))
        self._xml = xml
        self._start = Choices([(STARTS, "start it at once")], id="field-start")

    def title_text(self) -> str:
        """Whose."""
        return f"Define {self._vm.name}"

    def body(self) -> Sequence[Widget]:
        """What the XML says, then the fields."""
        told, of = Words(markup=False), self._vm.definition
        told.show_lines(
            [
                labelled("XML says", f"{size(of.memory_mb)} of memory, {of.vcpus} vCPUs", width=14),
                labelled("volumes", ", ".join(of.volumes) or (UNKNOWN, "dim"), width=14),
                labelled("networks", ", ".join(of.networks) or (UNKNOWN, "dim"), width=14),
            ]
        )
        *fields, means = super().body()
        return [told, *fields, field("", self._start), means]

    def _meaning(self, after: Definition) -> list[Line]:
        cluster = self.view.cluster
        vm, rooms = replace(self._vm, definition=after), Rooms(cluster)
        if after.name in cluster.names:
            return [BLANK, ((f"✗ there is a VM named {after.name} already", "bad"),)]
        target = rooms.choose_target(vm)
        does = "runs" if self._start.chosen else "is placed"
        if target is None:
            return [BLANK, ((f"✗ no node can take it: {rooms.refusal(vm)}", "bad"),)]
        return [BLANK, (("Means: ", "strong"), f"it {does} on {target}.")]

    def act(self) -> None:
        """Define it."""
        try:
            changed = changes_of(self._vm.definition, self.after())
        except Invalid as wrong:
            self.refused(wrong)
            return
        raw = self.raw()
        metadata = {name: raw[name] for name in changed}
        new = NewVm(xml=self._xml, start=bool(self._start.chosen), metadata=metadata)
        self.ask(define_vm(new), "", f"defining {self._vm.name}")
