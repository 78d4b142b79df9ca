"""What a VM is, by a person's word."""

from __future__ import annotations

import pytest

from pvccore.model.change import Kind
from pvccore.model.errors import Invalid, NotFound, Refused, Unavailable
from pvccore.model.struct import replace
from pvccore.model.vm import Definition, RequestVerb, VmState, Wanted, Xml
from pvccore.operations.definitions import NewVm, define, dump, modify, rename, undefine
from pvccore.operations.operator import Operator
from pvccore.plan.outcome import Goal, Progress
from tests.operations.world import World, guest_xml, uuid_of


def test_a_defined_vm_has_its_facts_its_xml_and_its_name(world: World) -> None:
    xml = guest_xml("web1", uuid_of(7), memory_mb=2048, vcpus=2)
    define(world.operator, NewVm(xml=xml, node="hv2", metadata={"tags": "a,b", "autorestart": "no"}))
    vm = world.vm("web1")
    assert vm.uuid == uuid_of(7)
    assert (vm.memory_mb, vm.definition.vcpus) == (2048, 2)
    assert (vm.definition.volumes, vm.definition.networks) == (("vms/web1_disk",), ("br100",))
    assert (vm.definition.tags, vm.definition.autorestart) == (("a", "b"), False)
    assert (vm.node, vm.placement.wanted, vm.placement.state) == ("hv2", Wanted.STOPPED, VmState.STOPPED)
    assert dump(world.operator, "web1") == xml
    assert world.last_entry() == ("anna@ops1", "define web1 on hv2")


def test_a_vm_without_a_uuid_gets_one_in_its_xml_too(world: World) -> None:
    define(world.operator, NewVm(xml=guest_xml("web1"), start=True))
    vm = world.vm("web1")
    assert f"<uuid>{vm.uuid}</uuid>" in dump(world.operator, "web1")
    assert vm.placement.wanted is Wanted.RUNNING


def test_limit_and_selector_choose_its_node(world: World) -> None:
    define(world.operator, NewVm(xml=guest_xml("web1"), metadata={"node_limit": "hv3"}))
    assert world.vm("web1").node == "hv3"


@pytest.mark.parametrize(
    "new, error, words",
    [
        (NewVm(xml=guest_xml("old")), Refused, "old: there is a VM of this name already"),
        (NewVm(xml=guest_xml("web1", uuid_of(1))), Refused, "the VM old has the uuid"),
        (NewVm(xml=guest_xml("web1"), metadata={"node_limit": "hv1,hv9"}), Invalid, "node_limit 'hv9'"),
        (NewVm(xml=guest_xml("web1"), metadata={"node_selector": "best"}), Invalid, "node_selector 'best'"),
        (NewVm(xml=guest_xml("web1"), metadata={"colour": "red"}), Invalid, "metadata 'colour'"),
        (NewVm(xml=guest_xml("web1"), node="hv9"), NotFound, "no node 'hv9'"),
        (NewVm(xml=guest_xml("web1"), node="hv3", metadata={"node_limit": "hv1"}), Refused, "hv3 is outside"),
        (NewVm(xml=guest_xml("web1", memory_mb=9000), node="hv3"), Refused, "hv3 has 8 of the 8.79 GB it needs"),
        (NewVm(xml=guest_xml("web1", memory_mb=9000)), Refused, "no node can take it: hv1 has"),
        (NewVm(xml=guest_xml("web 1")), Invalid, "name 'web 1'"),
        (NewVm(xml="<domain type='kvm'/>"), Invalid, "name ''"),
    ],
)
def test_a_definition_is_refused_with_the_reason(world: World, new: NewVm, error: type[Exception], words: str) -> None:
    world.add_vm("old", "hv1", VmState.STOPPED)
    with pytest.raises(error, match=words):
        define(world.operator, new)
    assert set(world.load().names) == {"old"}


def test_a_modified_vm_has_the_new_facts_and_keeps_its_metadata(world: World) -> None:
    world.add_vm("web1", "hv1", definition=Definition(memory_mb=1024, tags=("a",)))
    result = modify(world.operator, "web1", guest_xml("web1", memory_mb=4096))
    vm = world.vm("web1")
    assert (vm.memory_mb, vm.definition.tags) == (4096, ("a",))
    assert f"<uuid>{vm.uuid}</uuid>" in dump(world.operator, "web1")
    assert result.text == "web1 is modified; it applies at its next start"
    assert not modify(world.operator, "web1", dump(world.operator, "web1")).changed


def test_a_modified_vm_can_be_restarted_in_the_same_breath(world: World) -> None:
    world.add_vm("web1", "hv1")
    modify(world.operator, "web1", guest_xml("web1", memory_mb=2048), restart=True)
    request = world.vm("web1").placement.request
    assert request is not None
    assert request.verb is RequestVerb.RESTART


@pytest.mark.parametrize(
    "xml, error, words",
    [
        (guest_xml("web2"), Invalid, "name 'web2': can't be changed here, it is web1"),
        (guest_xml("web1", uuid_of(9)), Invalid, "uuid .*can't be changed"),
        (guest_xml("web1", memory_mb=10000), Refused, "hv1 has 7 GB left for it to grow"),
    ],
)
def test_a_modification_is_refused_with_the_reason(world: World, xml: str, error: type[Exception], words: str) -> None:
    world.add_vm("web1", "hv1")
    with pytest.raises(error, match=words):
        modify(world.operator, "web1", xml)


def test_a_stopped_vm_may_grow_past_its_node_and_is_then_not_started_there(world: World) -> None:
    world.add_vm("web1", "hv1", VmState.STOPPED)
    modify(world.operator, "web1", guest_xml("web1", memory_mb=10000))
    assert world.vm("web1").memory_mb == 10000


def test_a_renamed_vm_has_its_new_name_everywhere(world: World) -> None:
    world.add_vm("web1", "hv1", VmState.STOPPED)
    rename(world.operator, "web1", "web2")
    assert set(world.load().names) == {"web2"}
    assert "<name>web2</name>" in dump(world.operator, "web2")
    assert not rename(world.operator, "web2", "web2").changed


@pytest.mark.parametrize(
    "vm, name, error, words",
    [
        ("web1", "db1", Refused, "web1: it is running"),
        ("db1", "web1", Refused, "web1: there is a VM of this name already"),
        ("db1", "-x", Invalid, "name '-x'"),
    ],
)
def test_a_name_is_refused_with_the_reason(
    world: World, vm: str, name: str, error: type[Exception], words: str
) -> None:
    world.add_vm("web1", "hv1")
    world.add_vm("db1", "hv1", VmState.STOPPED)
    with pytest.raises(error, match=words):
        rename(world.operator, vm, name)


def test_an_undefined_vm_leaves_nothing_behind(world: World) -> None:
    before = set(world.tree.dump())
    world.add_vm("web1", "hv1", VmState.STOPPED)
    undefine(world.operator, "web1")
    assert {path for path in set(world.tree.dump()) - before if "/journal/" not in path} == set()


def test_a_running_vm_is_not_undefined(world: World) -> None:
    world.add_vm("web1", "hv1")
    with pytest.raises(Refused, match="web1: it is running; stop it first"):
        undefine(world.operator, "web1")
    with pytest.raises(Refused, match="nobody here can wait"):
        undefine(world.operator, "web1", stop_first=True)
    assert world.vm("web1").placement.request is None


def _patient(world: World, *, stops: bool) -> Operator:
    """An operator who can wait; the agent does what it is asked, or does not."""

    def wait(goal: Goal, limit_s: float) -> Progress:
        if stops:
            world.place("web1", state=VmState.STOPPED, request=None)
        return Progress(text="web1 is stopped" if stops else "web1 shutting_down on hv1", done=stops)

    return replace(world.operator, wait=wait)


def test_a_running_vm_is_stopped_first_on_demand(world: World) -> None:
    world.add_vm("web1", "hv1")
    undefine(_patient(world, stops=True), "web1", stop_first=True)
    assert world.load().names == {}


def test_a_vm_that_does_not_stop_is_not_undefined(world: World) -> None:
    world.add_vm("web1", "hv1")
    with pytest.raises(Refused, match="could not be stopped first: web1 shutting_down"):
        undefine(_patient(world, stops=False), "web1", stop_first=True)
    with pytest.raises(Refused, match="could not be stopped first"):
        undefine(_patient(world, stops=False), "web1", stop_first=True)


def test_a_stopped_vm_need_not_be_stopped_first(world: World) -> None:
    world.add_vm("web1", "hv1", VmState.STOPPED)
    undefine(world.operator, "web1", stop_first=True)
    assert world.load().names == {}


def test_a_missing_xml_is_said(world: World) -> None:
    world.add_vm("web1", "hv1", VmState.STOPPED)
    vm = world.vm("web1")
    world.write(Kind.XML, vm.uuid, Xml(), None)
    with pytest.raises(Unavailable, match="the XML of web1 can't be read: there is none"):
        dump(world.operator, "web1")
