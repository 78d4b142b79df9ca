from pvccore.model.cluster import Cluster
from pvccore.model.struct import replace
from pvccore.model.vm import Definition
from pvctui.dialogs.metadata import MetadataDialog
from tests.pvctui.canned import cluster_of, node, uuid, vm, well
from tests.pvctui.console import Shown, console
from tests.pvctui.stored import StoredCluster


def definition(shown: Shown) -> Definition:
    return shown.app.view.cluster.vms[uuid(1)].definition


async def to_save(shown: Shown) -> None:
    """Tab on until the button that saves."""
    for _ in range(12):
        if shown.app.focused is not None and shown.app.focused.id == "act":
            return
        await shown.pilot.press("tab")
    raise AssertionError(shown.text())


async def test_a_ticked_node_is_stored_and_comes_back_through_the_snapshot() -> None:
    stored = StoredCluster(well())
    async with console(None, stored=stored) as shown:
        text = await shown.press("3", "e")
        assert "web1 · metadata" in text
        text = await shown.press("space", "right", "space")
        assert "Changes: node limit any → hv1,hv2" in text
        assert "If hv1 dies, it goes to hv2" in text
        await to_save(shown)
        await shown.press("enter")
        await shown.until(lambda: definition(shown).node_limit == ("hv1", "hv2"))
        await shown.until(lambda: "metadata ─" not in shown.text())
        last = shown.app.view.cluster.journal[-1]
        assert last.who == "anna@ops1"
        assert last.what == "meta web1: node limit none → hv1,hv2"


async def test_selector_autorestart_method_and_words_are_stored_too() -> None:
    stored = StoredCluster(well())
    async with console(None, stored=stored) as shown:
        await shown.press("3", "e", "tab", "right", "right", "tab", "space", "tab", "right")
        await shown.press("tab", "end", "backspace", "backspace", "backspace", *"500")
        await shown.press("tab", "end", *", big", "tab", *"front")
        await to_save(shown)
        await shown.press("enter")
        await shown.until(lambda: definition(shown).description == "front")
        found = definition(shown)
        assert (found.node_selector, found.autorestart, found.migration_method) == ("memprov", False, "live-only")
        assert (found.max_downtime_ms, found.tags) == (500, ("web", "prod", "big"))


async def test_a_node_that_is_no_more_is_refused_with_the_field_named_and_what_was_typed_stays() -> None:
    subject = vm(1, "web1", "hv1", node_limit=("hv1", "gone9"))
    stored = StoredCluster(cluster_of([node("hv1"), node("hv2")], [subject]))
    async with console(None, stored=stored) as shown:
        assert "[x] gone9 (gone)" in await shown.press("3", "e", "right", "space")
        await to_save(shown)
        await shown.press("enter")
        await shown.until(lambda: "✗ node_limit 'gone9': is not a node of the cluster" in shown.text())
        assert isinstance(shown.app.screen, MetadataDialog)
        assert shown.app.focused is not None
        assert shown.app.focused.id == "field-node-limit"
        assert "[x] hv2" in shown.text()
        assert definition(shown).node_limit == ("hv1", "gone9")


async def test_what_is_wrong_is_told_as_one_types() -> None:
    async with console(well()) as shown:
        await shown.press("3", "e", "tab", "tab", "tab", "tab", "end", *"99")
        assert "✗ max_downtime_ms '30099'" not in shown.text()
        assert "✗ max_downtime_ms '300999'" in await shown.press("9")


async def test_a_limit_without_its_node_is_refused_unless_it_moves_too() -> None:
    stored = StoredCluster(well())
    async with console(None, stored=stored) as shown:
        text = await shown.press("3", "e", "right", "space")
        assert "hv1, where it is, is outside this limit." in text
        assert "migrate it too" in text
        await to_save(shown)
        await shown.press("enter")
        await shown.until(lambda: "its new node limit forbids" in shown.text())
        assert definition(shown).node_limit == ()


async def test_nothing_changed_writes_nothing() -> None:
    stored = StoredCluster(well())
    async with console(None, stored=stored) as shown:
        before = len(shown.app.view.cluster.journal)
        await shown.press("3", "e")
        await to_save(shown)
        await shown.press("enter")
        assert not isinstance(shown.app.screen, MetadataDialog)
        assert len(shown.app.view.cluster.journal) == before


async def test_what_somebody_else_changed_meanwhile_is_shown_and_not_overwritten() -> None:
    stored = StoredCluster(well())
    async with console(None, stored=stored) as shown:
        await shown.press("3", "e", "space")
        stored.describe(uuid(1), "by bert")
        await shown.until(lambda: "Changed meanwhile by somebody else" in shown.text())
        await to_save(shown)
        await shown.press("enter")
        await shown.until(lambda: definition(shown).node_limit == ("hv1",))
        assert definition(shown).description == "by bert"


async def test_a_vm_that_is_undefined_meanwhile_is_said_and_the_form_stays() -> None:
    cluster = well()
    async with console(cluster) as shown:
        await shown.press("3", "e", "space")
        left: Cluster = replace(cluster, vms={key: one for key, one in cluster.vms.items() if key != uuid(1)})
        text = await shown.put(left)
        assert "web1 is not defined any more" in text
        assert "[x] hv1" in text
