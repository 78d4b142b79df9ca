"""Rename, tag, remove, define and modify by the console, read back from the store."""

from collections.abc import Callable
from pathlib import Path

import pytest
from textual.app import App
from textual.widgets import Button

from pvccore.model.cluster import Cluster
from pvccore.model.struct import replace
from pvccore.model.vm import VmState, Wanted
from pvccore.operations.reading import read_xml
from pvctui.dialogs.define import SKELETON, DefineDialog, NewVmDialog
from pvctui.dialogs.modify import ModifyDialog
from pvctui.editing import difference_lines
from pvctui.rows.lines import text_of
from tests.pvctui.canned import cluster_of, node, uuid, vm, well
from tests.pvctui.canned_storage import on_ceph
from tests.pvctui.console import Shown, console
from tests.pvctui.dialogs.test_verb import by_menu
from tests.pvctui.stored import StoredCluster

XML = """<domain type="kvm">
  <name>still</name>
  <uuid>{uuid}</uuid>
  <memory unit="MiB">2048</memory>
  <vcpu>2</vcpu>
</domain>
"""
STILL = XML.format(uuid=uuid(2))


def cluster() -> Cluster:
    return cluster_of(
        [node("hv1"), node("hv2"), node("hv3", alive=False)],
        [
            vm(1, "runs", "hv1"),
            vm(2, "still", "hv1", wanted=Wanted.STOPPED, state=VmState.STOPPED, volumes=(), node_limit=("hv1", "hv3")),
        ],
    )


def stored_cluster() -> StoredCluster:
    stored = StoredCluster(cluster())
    stored.keep_xml(uuid(2), STILL)
    return stored


def editor_of(change: Callable[[str], str], error: str = "") -> Callable[[App[None], str], tuple[str, str]]:
    return lambda _app, text: (change(text), error)


def said(shown: Shown) -> str:
    """The words of the screen, however they are wrapped."""
    return " ".join(shown.text().replace("│", " ").split())


async def do_it(shown: Shown) -> None:
    """Press the button of the action, once it has taken in an earlier press."""
    button = shown.app.screen.query_one("#act", Button)
    await shown.until(lambda: not button.has_class("-active") and not button.disabled)
    button.focus()
    await shown.press("enter")


async def on_still(shown: Shown, words: str) -> None:
    await shown.press("3", "end")
    await by_menu(shown, words)


async def test_a_vm_is_renamed_and_its_xml_with_it() -> None:
    stored = stored_cluster()
    async with console(None, stored=stored) as shown:
        await on_still(shown, "rename")
        assert "Rename: still" in shown.text()
        await shown.press(*"runs")
        assert "✗ still: there is a VM named runs already" in shown.text()
        await shown.press(*"-not")
        assert "→ runs-not" in shown.text()
        await do_it(shown)
        await shown.until(lambda: "runs-not" in shown.app.view.cluster.names)
        assert "<name>runs-not</name>" in read_xml(stored.session, stored.now().vm("runs-not")).text


async def test_tags_are_added_and_taken_away_on_many() -> None:
    async with console(None, stored=stored_cluster()) as shown:
        await shown.press("3", "asterisk")
        await by_menu(shown, "tag")
        await shown.press(*"db, new", "tab", *"web")
        assert "tags prod, db, new" in shown.text()
        await do_it(shown)
        await shown.until(lambda: all("db" in one.definition.tags for one in shown.app.view.cluster.vms.values()))
        assert shown.app.view.cluster.vms[uuid(1)].definition.tags == ("prod", "db", "new")


async def test_a_bad_tag_is_said_as_one_types() -> None:
    async with console(cluster()) as shown:
        await on_still(shown, "tag")
        await shown.press(*"a b")
        assert "✗ still: tags 'a b'" in shown.text()


async def test_removing_a_vm_names_the_volumes_that_are_lost_and_wants_its_name() -> None:
    disks = vm(1, "web1", "hv1", wanted=Wanted.STOPPED, state=VmState.STOPPED, volumes=("vms/web1", "vms/stray"))
    base = on_ceph(cluster_of([node("hv1")], [disks]))
    volumes = {**base.storage.volumes["vms"], "stray": replace(base.storage.volumes["vms"]["stray"], parent="")}
    base = replace(base, storage=replace(base.storage, volumes={"vms": volumes}))
    async with console(base) as shown:
        await shown.press("3")
        await by_menu(shown, "remove with")
        assert "2 snapshots" in shown.text()
        assert "--force" not in shown.text()
        await shown.press("tab", "tab", "tab")
        shown.app.screen.query_one("#field-force").focus()
        await shown.press("space")
        text = shown.text()
        assert "lost for good: vms/web1" in text
        assert "lost for good: vms/stray" in text
        await do_it(shown)
        assert "✗ type web1 to confirm" in shown.text()


async def test_a_vm_without_disks_is_removed_without_typing_its_name() -> None:
    async with console(None, stored=stored_cluster()) as shown:
        await on_still(shown, "remove with")
        assert "no volume goes with it" in shown.text()
        assert "Confirm" not in shown.text()
        await do_it(shown)
        await shown.until(lambda: uuid(2) not in shown.app.view.cluster.vms)


async def test_a_node_that_a_vm_names_is_removed_once_that_is_ticked() -> None:
    async with console(None, stored=stored_cluster()) as shown:
        await shown.press("2", "end")
        await by_menu(shown, "remove")
        assert "✗ hv3: it is named by 1 VM: still; tick to rewrite them" in shown.text()
        shown.app.screen.query_one("#field-force").focus()
        await shown.press("space")
        assert "is forgotten by 1 VM: still" in shown.text()
        await do_it(shown)
        await shown.until(lambda: "hv3" not in shown.app.view.cluster.nodes)
        assert shown.app.view.cluster.vms[uuid(2)].definition.node_limit == ("hv1",)


# Define


async def test_a_vm_is_defined_from_a_file_with_its_metadata(tmp_path: Path) -> None:
    path = tmp_path / "new.xml"
    path.write_text(XML.format(uuid=uuid(9)).replace("still", "fresh"))
    async with console(None, stored=stored_cluster()) as shown:
        await shown.press("3")
        await by_menu(shown, "define a new")
        await shown.press(*str(path))
        await do_it(shown)
        await shown.until(lambda: isinstance(shown.app.screen, NewVmDialog))
        assert "Define fresh" in await shown.press()
        assert "2 G of memory, 2 vCPUs" in shown.text()
        await shown.press("right", "space")
        assert "it is placed on hv2" in shown.text()
        await do_it(shown)
        await shown.until(lambda: "fresh" in shown.app.view.cluster.names)
        made = shown.app.view.cluster.vm("fresh")
        assert (made.definition.node_limit, made.node, made.placement.wanted) == (("hv2",), "hv2", Wanted.STOPPED)


async def test_a_file_that_is_none_or_no_domain_is_said_and_the_path_stays(tmp_path: Path) -> None:
    path = tmp_path / "bad.xml"
    path.write_text("<domain><name>x</name></domain>")
    async with console(well()) as shown:
        shown.app.push_screen(DefineDialog(shown.app.view))
        await shown.press(*str(tmp_path / "none"))
        await do_it(shown)
        await shown.until(lambda: "No such file" in said(shown))
        shown.app.screen.query_one("#field-path").value = str(path)  # type: ignore[attr-defined] # an Input
        await do_it(shown)
        await shown.until(lambda: "must be one of kvm, qemu" in said(shown))
        assert isinstance(shown.app.screen, DefineDialog)


async def test_without_a_file_the_editor_begins_with_a_skeleton_and_what_was_written_stays() -> None:
    given: list[str] = []

    def editor(_app: App[None], text: str) -> tuple[str, str]:
        given.append(text)
        return text.replace("<name></name>", "<name>fresh</name>").replace("POOL/VOLUME", "vms/fresh") + " ", ""

    async with console(well()) as shown:
        shown.app.push_screen(DefineDialog(shown.app.view, editor))
        await shown.press()
        await do_it(shown)
        await shown.until(lambda: isinstance(shown.app.screen, NewVmDialog))
        assert given == [SKELETON]
        assert "vms/fresh" in await shown.press()


async def test_an_editor_that_does_not_start_is_said() -> None:
    async with console(well()) as shown:
        shown.app.push_screen(DefineDialog(shown.app.view, editor_of(str, "vi: no such program")))
        await shown.press()
        await do_it(shown)
        assert "✗ vi: no such program" in shown.text()


# Modify


async def test_a_vms_xml_is_modified_after_its_difference_was_shown() -> None:
    stored = stored_cluster()
    async with console(None, stored=stored) as shown:
        await shown.press("3")
        dialog = ModifyDialog(shown.app.view, uuid(2), editor_of(lambda text: text.replace("2048", "1024")))
        shown.app.push_screen(dialog)
        await shown.until(lambda: "Its XML opens in the editor" in shown.text())
        await do_it(shown)
        text = shown.text()
        assert '-  <memory unit="MiB">2048</memory>' in text
        assert '+  <memory unit="MiB">1024</memory>' in text
        await do_it(shown)
        await shown.until(lambda: shown.app.view.cluster.vms[uuid(2)].memory_mb == 1024)


async def test_a_refused_xml_stays_and_can_be_edited_again() -> None:
    async with console(None, stored=stored_cluster()) as shown:
        dialog = ModifyDialog(shown.app.view, uuid(2), editor_of(lambda text: text.replace("still", "other")))
        shown.app.push_screen(dialog)
        await shown.until(lambda: "Its XML opens in the editor" in shown.text())
        await do_it(shown)
        await do_it(shown)
        await shown.until(lambda: "rename does it" in said(shown))
        assert "+  <name>other</name>" in await shown.press("ctrl+e")


async def test_an_xml_that_can_not_be_read_is_said() -> None:
    async with console(well()) as shown:
        shown.app.push_screen(ModifyDialog(shown.app.view, uuid(1), editor_of(str)))
        await shown.until(lambda: "✗ nothing is connected" in shown.text())
        await shown.press("tab", "enter")
        assert "✗ its XML has not been read yet" in shown.text()


async def test_the_xml_of_a_vm_is_read_when_its_tab_is_looked_at() -> None:
    async with console(None, stored=stored_cluster(), size=(160, 50)) as shown:
        await shown.press("3", "end", *["full_stop"] * 5)
        await shown.until(lambda: '<memory unit="MiB">2048</memory>' in shown.text())
        await shown.press("home")
        await shown.until(lambda: "there is none" in shown.text())


def test_a_difference_leaves_out_what_is_far_from_it() -> None:
    before = "\n".join(str(number) for number in range(20))
    told = [text_of(line) for line in difference_lines(before, before.replace("10", "ten"))]
    assert told[1:] == [" 8", " 9", "-10", "+ten", " 11", " 12"]
    assert difference_lines("a", "a") == []


@pytest.mark.parametrize("place, key", [("3", "S"), ("2", "F")])
async def test_no_change_is_asked_for_while_read_only(place: str, key: str) -> None:
    async with console(cluster(), read_only=True) as shown:
        assert "read-only" in await shown.press(place, key)
