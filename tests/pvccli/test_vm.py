"""`pvc vm` as a shell sees it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pvccli.main import check
from pvccore.model.vm import Definition, Placement, VmState, Wanted
from tests.operations.world import World, guest_xml
from tests.pvccli.conftest import Pvc

LIMITED = Definition(memory_mb=2048, vcpus=2, node_limit=("hv1", "hv2"), tags=("web",), description="the shop")
PARKED = Placement(parked_on="hv2", why="limit hv2; hv2 is flushed")


@pytest.fixture(autouse=True)
def three_vms(world: World) -> None:
    world.add_vm("web1", "hv1", definition=LIMITED, placement=Placement(previous_node="hv2"))
    world.add_vm("db1", "hv2", VmState.STOPPED, wanted=Wanted.RUNNING, placement=PARKED)
    world.add_vm("old", "hv3", VmState.STOPPED)


def test_list_is_a_table(pvc: Pvc) -> None:
    said = pvc("vm list")
    assert said.code == 0
    assert said.out.splitlines() == [
        "NAME  STATUS   WANTED   NODE  PREVIOUS NODE  MEMORY  VCPUS  NODE LIMIT  NODE SELECTOR  AUTORESTART  TAGS",
        "db1   parked   running  hv2   -              1 G     1      -           default        yes          -",
        "old   stopped  stopped  hv3   -              1 G     1      -           default        yes          -",
        "web1  running  running  hv1   hv2            2 G     2      hv1,hv2     default        yes          web",
    ]


def test_list_as_json_has_the_documented_fields(pvc: Pvc, world: World) -> None:
    said = pvc("vm list --format json web")
    assert json.loads(said.out) == [
        {
            "name": "web1",
            "uuid": world.vm("web1").uuid,
            "status": "running",
            "state": "running",
            "wanted": "running",
            "node": "hv1",
            "previous_node": "hv2",
            "parked_on": None,
            "failure": None,
            "node_limit": ["hv1", "hv2"],
            "node_selector": "default",
            "autorestart": True,
            "migration_method": "live",
            "memory_mb": 2048,
            "vcpus": 2,
            "tags": ["web"],
            "description": "the shop",
        }
    ]


@pytest.mark.parametrize(
    "line, names",
    [
        ("vm list -f raw", ["db1", "old", "web1"]),
        ("--format raw vm list", ["db1", "old", "web1"]),
        ("vm list -f raw '^.b1$'", ["db1"]),
        ("vm list -f raw status=parked", ["db1"]),
        ("vm list -f raw --status running", ["web1"]),
        ("vm list -f raw --node hv3", ["old"]),
        ("vm list -f raw --tag web", ["web1"]),
        ("vm list -f raw autorestart=yes previous_node=", ["db1", "old"]),
        ("vm list -f raw nothing", []),
    ],
)
def test_list_takes_filters(pvc: Pvc, line: str, names: list[str]) -> None:
    assert pvc(line).out.split() == names


@pytest.mark.parametrize(
    "line, words",
    [
        ("vm list --status lost", "status 'lost': must be one of parked, disabled, unknown, stopped"),
        ("vm list --node hv9", "no node 'hv9'"),
        ("vm list status=lost", "status 'lost': must be one of parked, disabled, unknown, stopped"),
        ("vm list node=hv9", "no node 'hv9'"),
        ("vm list colour=red", "filter 'colour': is not a field; known are name, uuid"),
        ("vm list nothing colour=red", "filter 'colour': is not a field; known are name, uuid"),
        ("vm list '('", "filter '(': is not a regular expression"),
        ("vm list " + "x" * 201, "must be at most 200 characters"),
    ],
)
def test_a_bad_filter_is_named(pvc: Pvc, line: str, words: str) -> None:
    said = pvc(line)
    assert (said.code, said.out) == (1, "")
    assert words in said.err


def test_info_tells_all_and_which_nodes_take_it(pvc: Pvc) -> None:
    said = pvc("vm info db1")
    assert said.code == 0
    assert "status            parked" in said.out
    assert "why               limit hv2; hv2 is flushed" in said.out
    assert said.out.splitlines()[-3:] == [
        "hv1           can take it",
        "hv2           is where it is",
        "hv3           can take it",
    ]
    assert json.loads(pvc("vm info db1 -f json").out)["parked_on"] == "hv2"
    assert json.loads(pvc("vm info db1 -f json").out)["disks"] == []
    assert pvc("vm info db1 -f raw").out == "db1\n"


def test_define_from_a_file_and_from_standard_input(pvc: Pvc, world: World, tmp_path: Path) -> None:
    path = tmp_path / "app1.xml"
    path.write_text(guest_xml("app1", memory_mb=512))
    said = pvc(f"vm define {path} -t hv2 -l hv2,hv3 -s load -A -m shutdown --max-downtime 50 -g a -g b --start")
    assert (said.code, said.out) == (0, "app1 is defined on hv2\n")
    definition = world.vm("app1").definition
    assert (definition.node_limit, definition.tags, definition.autorestart) == (("hv2", "hv3"), ("a", "b"), False)
    assert (definition.node_selector, definition.migration_method, definition.max_downtime_ms) == (
        "load",
        "shutdown",
        50,
    )
    assert world.vm("app1").placement.wanted is Wanted.RUNNING
    assert pvc("vm define - --limit hv3 --selector vms --autostart", answer=guest_xml("app2")).code == 0
    assert world.vm("app2").node == "hv3"


@pytest.mark.parametrize("verb", ["vm define", "vm meta"])
@pytest.mark.parametrize(
    "line",
    [
        "-l hv1,hv2 -s mem -a -m live --max-downtime 300 -g web",
        "--node-limit hv1 --node-selector vcpus --autorestart --method live-only --tag web --tag shop",
        "--limit hv1 --selector vms --no-autorestart",
        "--autostart",
        "--no-autostart",
        "-A",
    ],
)
def test_the_names_that_operators_of_pvc_know_go_on_working(verb: str, line: str) -> None:
    check([*verb.split(), "-" if verb == "vm define" else "web1", *line.split()])


@pytest.mark.parametrize(
    "line",
    [
        "vm define - -t hv1",
        "vm define - --target hv1",
        "vm define - --to hv1",
        "vm migrate web1 -w",
        "vm migrate web1 -t hv2 -f -w",
        "vm move web1 --target hv2 -w",
        "vm unmigrate web1 -w",
        "node flush hv1 -w",
        "node ready hv1 --wait",
    ],
)
def test_so_do_targets_and_waiting(line: str) -> None:
    check(line.split())


@pytest.mark.parametrize(
    "options, words",
    [
        ("-l hv9", "node_limit 'hv9': is not a node of the cluster"),
        ("-s best", "node_selector 'best': must be one of default, mem"),
        ("-m jump", "migration_method 'jump'"),
        ("--max-downtime 1", "max_downtime_ms '1'"),
        ("-t hv9", "no node 'hv9'"),
    ],
)
def test_a_bad_value_names_field_and_value(pvc: Pvc, options: str, words: str) -> None:
    said = pvc(f"vm define - {options}", answer=guest_xml("app1"))
    assert said.code == 1
    assert said.err.startswith("pvc: ")
    assert words in said.err


def test_a_file_of_the_host_is_refused_unless_its_folder_is_allowed(pvc: Pvc) -> None:
    disk = "<disk type='file'><source file='/srv/a.img'/></disk>"
    xml = guest_xml("app1").replace("</devices>", f"{disk}</devices>")
    assert "source '/srv/a.img'" in pvc("vm define -", answer=xml).err
    assert pvc("vm define - --allow-path /srv", answer=xml).code == 0


def test_meta_sets_shows_and_clears(pvc: Pvc, world: World) -> None:
    assert pvc("vm meta web1 --node-limit '' --no-autorestart --tag '' --description ''").code == 0
    definition = world.vm("web1").definition
    assert (definition.node_limit, definition.autorestart, definition.tags) == ((), False, ())
    assert (definition.description, definition.memory_mb) == ("", 2048)
    assert json.loads(pvc("--format json vm meta web1").out)["autorestart"] is False
    assert "autorestart       no" in pvc("vm meta web1").out


def test_meta_refuses_a_limit_that_forbids_where_it_runs(pvc: Pvc, world: World) -> None:
    said = pvc("vm meta web1 -l hv3")
    assert (said.code, said.err) == (
        1,
        "pvc: web1: it is on hv1, which its new node limit forbids; --move migrates it as well\n",
    )
    assert pvc("vm meta web1 -l hv3 --move").code == 0
    assert world.vm("web1").placement.migration is not None


@pytest.mark.parametrize(
    "line, out",
    [
        ("vm start old", "old is to run on hv3"),
        ("vm start db1", "db1 is to run on hv2"),
        ("vm shutdown web1 -y", "web1 is asked to shut down"),
        ("vm shutdown web1 -y --time-limit 20", "web1 is asked to shut down"),
        ("vm stop web1 --yes", "web1 is being stopped"),
        ("vm restart web1 -y", "web1 is asked to restart"),
        ("vm disable old -y", "old is disabled"),
        ("vm migrate web1 --force", "web1 goes from hv1 to hv2"),
        ("vm migrate web1 --to hv2 -f", "web1 goes from hv1 to hv2"),
        ("vm move web1 --target hv1", "web1 belongs on hv1"),
        ("vm move old -t hv2", "old is placed on hv2"),
        ("vm unmigrate web1", "web1 goes from hv1 to hv2"),
        ("vm rename old older", "old is named older"),
        ("vm tag add web1 a b", "web1: tags web → web,a,b"),
        ("vm tag remove web1 web", "web1: tags web → none"),
        ("vm tag get web1", "web"),
        ("vm undefine old -y", "old is undefined"),
    ],
)
def test_a_verb_says_what_it_asked_for(pvc: Pvc, line: str, out: str) -> None:
    said = pvc(line)
    assert (said.code, said.out, said.err) == (0, out + "\n", "")


@pytest.mark.parametrize(
    "line, words",
    [
        ("vm start web1", "web1: it is running already"),
        ("vm stop old -y", "old: it is stopped already"),
        ("vm migrate web1 --to hv2", "web1: it is migrated already; --force keeps hv2 as its previous node"),
        ("vm unmigrate old", "old: it has no previous node to return to"),
        ("vm undefine web1 -y", "web1: it is running; stop it first (--stop)"),
        ("vm rename web1 web2", "web1: it is running"),
        ("vm info web9", "no VM 'web9'"),
        ("vm shutdown web1 -y --time-limit 0", "limit 0.0: must lie between 1 and 3600 seconds"),
    ],
)
def test_a_refusal_is_told_and_ends_with_1(pvc: Pvc, line: str, words: str) -> None:
    said = pvc(line)
    assert (said.code, said.out) == (1, "")
    assert said.err.startswith(f"pvc: {words}")


@pytest.mark.parametrize(
    "line", ["vm", "vm dance", "vm start", "vm list --format xml", "vm shutdown web1 --time-limit x"]
)
def test_what_is_not_understood_ends_with_2(pvc: Pvc, line: str) -> None:
    assert pvc(line).code == 2


@pytest.mark.parametrize(
    "line",
    ["vm stop web1", "vm shutdown web1", "vm restart web1", "vm disable web1", "vm undefine old"],
)
def test_a_disruptive_verb_asks(pvc: Pvc, world: World, line: str) -> None:
    before = world.load().vms
    refused = pvc(line, answer="n\n")
    assert (refused.code, refused.out) == (1, "")
    assert "not confirmed" in refused.err
    assert pvc(line).code == 1
    assert world.load().vms == before
    assert pvc(line, answer="y\n").code == 0
    assert world.load().vms != before


def test_a_result_as_json_says_whether_anything_changed(pvc: Pvc) -> None:
    assert json.loads(pvc("--format json vm start old").out) == {"changed": True, "text": "old is to run on hv3"}
    assert json.loads(pvc("--format json vm start old").out)["changed"] is False


def test_dump_and_modify_by_a_file(pvc: Pvc, world: World, tmp_path: Path) -> None:
    before = pvc("vm dump old").out
    assert "<name>old</name>" in before
    path = tmp_path / "old.xml"
    path.write_text(before.replace("<vcpu>1</vcpu>", "<vcpu>4</vcpu>"))
    refused = pvc(f"vm modify old {path}", answer="n\n")
    assert refused.code == 1
    assert "-  <vcpu>1</vcpu>\n+  <vcpu>4</vcpu>" in refused.err
    assert pvc(f"vm modify old {path} -y").out == "old is modified\n"
    assert world.vm("old").definition.vcpus == 4
    assert pvc(f"vm modify old {path} -y").out == "nothing is changed\n"


@pytest.mark.parametrize(
    "line, plan",
    [
        ("vm migrate db1 --to hv1", "db1"),
        ("vm move web1 --to hv2", "web1"),
        ("vm unmigrate web1", "web1"),
    ],
)
def test_a_dry_run_says_what_would_be_done_and_does_nothing(pvc: Pvc, world: World, line: str, plan: str) -> None:
    before = world.load()
    said = pvc(f"{line} --dry-run")
    assert said.code == 0, said.err
    assert said.out.startswith("would do: ")
    assert plan in said.out
    assert json.loads(pvc(f"--format json {line} --dry-run").out)["changed"] is False
    assert (world.load().vms, world.load().journal) == (before.vms, before.journal)
