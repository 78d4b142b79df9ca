from __future__ import annotations

import pytest

from pvccore.model.vm import Definition, MigrationMethod, RequestVerb, VmState, Wanted
from tests.operations.world import World, guest_xml
from tests.pvcapi.stand import Api, error
from tests.pvcapi.storing import with_storage

VM = "/api/v1/vm"


def names(api: Api, **parameters: str | int) -> list[str]:
    answer = api.get(VM, params=parameters)
    assert answer.status_code == 200, answer.text
    return [one["name"] for one in answer.json()]


def test_no_vms_are_an_empty_list(api: Api) -> None:
    answer = api.get(VM)
    assert (answer.status_code, answer.json(), answer.headers["X-Total-Count"]) == (200, [], "0")


def test_a_list_is_filtered_and_paged(api: Api, world: World) -> None:
    for number in range(5):
        described = Definition(memory_mb=64, vcpus=1, tags=("web",) if number < 3 else (), description=f"Shop {number}")
        world.add_vm(f"vm{number}", f"hv{number % 2 + 1}", definition=described)
    world.place("vm4", state=VmState.STOPPED, wanted=Wanted.STOPPED, previous_node="hv1")
    assert names(api) == ["vm0", "vm1", "vm2", "vm3", "vm4"]
    assert names(api, node="hv1") == ["vm0", "vm2", "vm4"]
    assert names(api, node="hv1", status="stopped") == ["vm4"]
    assert names(api, tag="web") == ["vm0", "vm1", "vm2"]
    assert names(api, tag="") == ["vm3", "vm4"]
    assert names(api, previous_node="") == ["vm0", "vm1", "vm2", "vm3"]
    assert names(api, search="SHOP 3") == ["vm3"]
    assert names(api, name="vm2") == ["vm2"]
    assert names(api, state="running", wanted="running", limit=2, offset=1) == ["vm1", "vm2"]
    assert api.get(VM, params={"limit": 2, "tag": "web"}).headers["X-Total-Count"] == "3"
    assert names(api, offset=9) == []


@pytest.mark.parametrize("parameter", ["limit=0", "limit=x", "offset=-1", "wait_s=61"])
def test_a_bad_parameter_is_named(api: Api, parameter: str) -> None:
    answer = (
        api.post(f"{VM}?{parameter}", json={"xml": ""})
        if parameter.startswith("wait")
        else api.get(f"{VM}?{parameter}")
    )
    assert answer.status_code == 400
    assert error(answer.json()) == ("invalid", [parameter.partition("=")[0]])


def test_a_vm_is_defined_with_its_metadata_in_one_request(api: Api, world: World) -> None:
    body = {
        "xml": guest_xml("db1"),
        "node": "hv2",
        "start": True,
        "metadata": {
            "node_limit": ["hv2", "hv3"],
            "node_selector": "load",
            "autorestart": False,
            "migration_method": "live-only",
            "max_downtime_ms": 500,
            "tags": ["db"],
            "description": "orders",
        },
    }
    answer = api.post(VM, json=body)
    assert answer.status_code == 201
    assert answer.json() == {"changed": True, "text": "db1 is defined on hv2", "outcome": None, "tasks": []}
    vm = world.vm("db1")
    assert (vm.node, vm.placement.wanted, vm.definition.node_limit) == ("hv2", Wanted.RUNNING, ("hv2", "hv3"))
    assert (vm.definition.autorestart, vm.definition.migration_method) == (False, MigrationMethod.LIVE_ONLY)
    assert world.last_entry() == ("robot@ops1", "define db1 on hv2")


@pytest.mark.parametrize(
    "body,field",
    [
        ({}, "xml"),
        ({"xml": 1}, "xml"),
        ({"xml": "<domain/>"}, "domain type"),
        ({"xml": "<!DOCTYPE x [<!ENTITY e SYSTEM 'file:///etc/passwd'>]><domain>&e;</domain>"}, "xml"),
        ({"xml": guest_xml("a"), "nodes": []}, "nodes"),
        ({"xml": guest_xml("a"), "metadata": {"node_limit": ["hv9"]}}, "node_limit"),
        ({"xml": guest_xml("a"), "metadata": {"node_limit": [1]}}, "node_limit"),
        ({"xml": guest_xml("a"), "metadata": {"node_selector": "best"}}, "node_selector"),
        ({"xml": guest_xml("a"), "metadata": {"max_downtime_ms": 5}}, "max_downtime_ms"),
        ({"xml": guest_xml("a"), "metadata": {"tags": ["no spaces"]}}, "tags"),
        ({"xml": guest_xml("../a")}, "name"),
    ],
)
def test_a_bad_definition_is_400_and_names_the_field(api: Api, world: World, body: object, field: str) -> None:
    answer = api.post(VM, json=body)
    assert answer.status_code == 400, answer.text
    word, fields = error(answer.json())
    assert word == "invalid"
    assert field in " ".join(fields) or field in answer.json()["message"]
    assert not world.load().vms


def test_a_definition_is_404_for_an_unknown_node_and_409_where_it_does_not_fit(api: Api) -> None:
    assert api.post(VM, json={"xml": guest_xml("a"), "node": "hv9"}).status_code == 404
    large = api.post(VM, json={"xml": guest_xml("a", memory_mb=999_999)})
    assert (large.status_code, large.json()["error"]) == (409, "refused")
    assert "no node can take it" in large.json()["message"]
    assert api.post(VM, json={"xml": guest_xml("a")}).status_code == 201
    assert "of this name already" in api.post(VM, json={"xml": guest_xml("a")}).json()["message"]


def test_a_body_that_is_no_json_is_400_and_one_too_large_413(api: Api) -> None:
    json_type = {"Content-Type": "application/json"}
    assert error(api.post(VM, content=b"{nope", headers=json_type).json())[0] == "invalid"
    assert api.post(VM, content=b"", headers=json_type).status_code == 400
    assert api.post(VM, content=b"[" * 5000, headers=json_type).status_code == 400
    large = api.post(VM, content=b"x" * 2_000_000, headers=json_type)
    assert (large.status_code, large.json()["error"]) == (413, "too_large")


def test_everything_about_a_vm_is_shown(api: Api, world: World) -> None:
    world.add_vm("web1", "hv1")
    shown = api.get(f"{VM}/web1").json()
    assert (shown["name"], shown["node"], shown["why"], shown["migration"]) == ("web1", "hv1", None, None)
    assert api.get(f"{VM}/{shown['uuid']}").json() == shown
    assert api.post(f"{VM}/web1/node", json={"action": "migrate", "node": "hv2"}).status_code == 200
    assert api.get(f"{VM}/web1").json()["migration"]["target"] == "hv2"
    assert api.get(f"{VM}/web1/state").json()["wanted"] == "running"
    assert api.get(f"{VM}/web1/xml").text == guest_xml("web1", shown["uuid"])
    assert api.get(f"{VM}/web1/xml").headers["Content-Type"].startswith("application/xml")
    assert api.get(f"{VM}/web1/meta").json()["max_downtime_ms"] == 300
    assert api.get(f"{VM}/web1/tags").json() == []
    assert api.get(f"{VM}/web1/node").json()["candidates"] == {"hv1": "is where it is", "hv2": None, "hv3": None}


@pytest.mark.parametrize(
    "path", ["", "/xml", "/meta", "/tags", "/state", "/node"], ids=["vm", "xml", "meta", "tags", "state", "node"]
)
def test_what_is_not_there_is_404(api: Api, path: str) -> None:
    answer = api.get(f"{VM}/nobody{path}")
    assert (answer.status_code, answer.json()["error"]) == (404, "not_found")
    assert answer.json()["message"] == "no VM 'nobody'"


@pytest.mark.parametrize("path", ["web1", "web1/meta"])
def test_metadata_are_set_at_both_paths(api: Api, world: World, path: str) -> None:
    world.add_vm("web1", "hv1")
    answer = api.post(f"{VM}/{path}", json={"node_limit": ["hv1", "hv3"], "autorestart": False})
    assert answer.json()["text"] == "web1: node limit none → hv1,hv3; autorestart yes → no"
    assert world.vm("web1").definition.node_limit == ("hv1", "hv3")
    assert not api.post(f"{VM}/{path}", json={"autorestart": False}).json()["changed"]
    assert api.post(f"{VM}/{path}", json={"node_limit": ["hv2"]}).status_code == 409
    moved = api.post(f"{VM}/{path}", json={"node_limit": ["hv2"], "move": True})
    assert "goes from hv1 to hv2" in moved.json()["text"]
    cleared = api.post(f"{VM}/{path}", json={"node_limit": []})
    assert cleared.status_code == 200
    assert world.vm("web1").definition.node_limit == ()


def test_a_life_is_led(api: Api, world: World) -> None:
    world.add_vm("web1", "hv1", VmState.STOPPED)
    path = f"{VM}/web1/state"
    assert api.post(path, json={"state": "start"}).json()["text"] == "web1 is to run on hv1"
    world.place("web1", state=VmState.RUNNING)
    for verb, asked in (
        ("restart", RequestVerb.RESTART),
        ("shutdown", RequestVerb.SHUTDOWN),
        ("stop", RequestVerb.STOP),
    ):
        assert api.post(path, json={"state": verb, "limit_s": 30}).status_code == 200
        request = world.vm("web1").placement.request
        assert request is not None
        assert (request.verb, request.by) == (asked, "robot@ops1")
        world.place("web1", request=None, state=VmState.RUNNING, wanted=Wanted.RUNNING)
    assert api.post(path, json={"state": "disable"}).status_code == 200
    assert world.vm("web1").placement.wanted is Wanted.DISABLED
    assert error(api.post(path, json={"state": "dance"}).json()) == ("invalid", ["state"])
    assert error(api.post(path, json={"state": "stop", "limit_s": 0}).json()) == ("invalid", ["limit_s"])


def test_a_vm_is_brought_elsewhere_and_back(api: Api, world: World) -> None:
    world.add_vm("web1", "hv1", VmState.STOPPED)
    path = f"{VM}/web1/node"
    tried = api.post(path, json={"action": "migrate", "dry_run": True}).json()
    assert (tried["changed"], world.vm("web1").node) == (False, "hv1")
    assert tried["text"].startswith("would do: migrate web1")
    assert api.post(path, json={"action": "migrate", "node": "hv2"}).status_code == 200
    assert world.vm("web1").placement.previous_node == "hv1"
    again = api.post(path, json={"action": "migrate", "node": "hv3"})
    assert again.status_code == 409
    assert api.post(path, json={"action": "migrate", "node": "hv3", "force": True}).status_code == 200
    assert world.vm("web1").placement.previous_node == "hv1"
    assert api.post(path, json={"action": "unmigrate"}).status_code == 200
    assert world.vm("web1").node == "hv1"
    assert api.post(path, json={"action": "move", "node": "hv2"}).status_code == 200
    assert (world.vm("web1").node, world.vm("web1").placement.previous_node) == ("hv2", "")
    assert api.post(path, json={"action": "move", "node": "hv9"}).status_code == 404


def test_a_vm_is_modified_renamed_tagged_and_undefined(api: Api, world: World) -> None:
    world.add_vm("web1", "hv1", VmState.STOPPED)
    assert api.put(f"{VM}/web1", json={"xml": guest_xml("web1", memory_mb=2048)}).status_code == 200
    assert world.vm("web1").memory_mb == 2048
    assert error(api.put(f"{VM}/web1", json={"xml": guest_xml("other")}).json()) == ("invalid", ["name"])
    assert api.post(f"{VM}/web1/name", json={"name": "web2"}).json()["text"] == "web1 is named web2"
    assert api.post(f"{VM}/web2/name", json={"name": "no/slash"}).status_code == 400
    assert api.post(f"{VM}/web2/tags", json={"add": ["blue", "old"]}).status_code == 200
    assert api.post(f"{VM}/web2/tags", json={"remove": ["old"]}).status_code == 200
    assert api.get(f"{VM}/web2/tags").json() == ["blue"]
    assert error(api.post(f"{VM}/web2/tags", json={"remove": ["red"]}).json()) == ("invalid", ["tags"])
    assert api.delete(f"{VM}/web2").json()["text"] == "web2 is undefined"
    assert api.delete(f"{VM}/web2").status_code == 404


def test_a_vm_goes_with_its_volumes_only_when_confirmed(api: Api, world: World) -> None:
    with_storage(world)
    volumes = Definition(memory_mb=64, vcpus=1, volumes=("vms/data",))
    world.add_vm("web1", "hv1", VmState.STOPPED, definition=volumes)
    refused = api.delete(f"{VM}/web1?disks=true&force=true")
    assert (refused.status_code, refused.json()["error"]) == (409, "refused")
    assert "lost would be volume vms/data" in refused.json()["message"]
    gone = api.delete(f"{VM}/web1?disks=true&force=true&confirmed=true")
    assert gone.status_code == 200
    assert gone.json()["tasks"] == list(world.load().tasks)
    assert not world.load().vms


def test_a_running_vm_is_not_undefined(api: Api, world: World) -> None:
    world.add_vm("web1", "hv1")
    answer = api.delete(f"{VM}/web1")
    assert (answer.status_code, answer.json()["error"]) == (409, "refused")
    assert "web1" in world.load().names
