"""A scenario file says where it is wrong: line and field."""

from __future__ import annotations

import pytest

from pvccli.commands.simulate import verbs
from pvccore.model.vm import MigrationMethod, Wanted
from simulation.expectation import SubjectKind
from simulation.places_in_file import BadScenario
from simulation.scenario import Scenario, parse_scenario

GOOD = """\
description = "d"
[settings]
fence_after_s = 2
[[node]]
name = "hv1"
memory_mb = 1024
vcpus = 2
[[node]]
name = "hv2"
memory_mb = 1024
vcpus = 2
[[vm]]
name = "web1"
memory_mb = 512
vcpus = 1
node = "hv1"
[[step]]
at_s = 10
do = "power-cut hv1"
[[step]]
at_s = 5
do = "vm meta web1 --node-limit ''"
[[expect]]
vm = "web1"
node_in = ["hv1", "hv2"]
"""


def parsed(text: str) -> Scenario:
    return parse_scenario(text, verbs().check)


def test_reads_every_default() -> None:
    scenario = parsed(GOOD)
    node, vm = scenario.nodes[0], scenario.vms[0]
    assert scenario.settings.fence_after_s == 2
    assert (node.role, node.load, node.alive, node.readiness.state) == ("coordinator", 0.1, True, "ready")
    assert [agent.kind for agent in node.fence_agents] == ["ipmi"]
    assert (vm.wanted, vm.definition.autorestart, vm.previous_node) == (Wanted.RUNNING, True, "")
    assert vm.definition.migration_method is MigrationMethod.LIVE
    assert scenario.until_s == 70.0


def test_orders_steps_by_time_and_keeps_the_order_of_the_file_within_one_moment() -> None:
    again = GOOD + '[[step]]\nat_s = 5\ndo = "maintenance on"\n'
    assert [step.text for step in parsed(again).steps] == [
        "vm meta web1 --node-limit ''",
        "maintenance on",
        "power-cut hv1",
    ]


def test_splits_a_verb_as_a_shell_would() -> None:
    assert parsed(GOOD).steps[0].words == ("vm", "meta", "web1", "--node-limit", "")


def test_takes_node_beside_vm_as_a_field() -> None:
    text = GOOD + '[[expect]]\nat_s = 1\nvm = "web1"\nnode = "hv1"\n[[expect]]\nnode = "hv1"\npower = "on"\n'
    expectations = parsed(text).expectations
    assert [one.kind for one in expectations] == [SubjectKind.VM, SubjectKind.VM, SubjectKind.NODE]
    assert expectations[0].fields == (("node", "hv1"),)


BAD = [
    ("[settings]", "[setings]", 2, "setings"),
    ("fence_after_s = 2", "fence_after = 2", 3, "fence_after"),
    ("fence_after_s = 2", "fence_after_s = -1", 3, "fence_after_s"),
    ('description = "d"', "description = d", 1, ""),
    ('description = "d"', "unknown = 1", 1, "unknown"),
    ("vcpus = 2", "vcpu = 2", 7, "vcpu"),
    ("vcpus = 2\n", "", 4, "vcpus"),
    ("memory_mb = 512", 'memory_mb = "512"', 14, "memory_mb"),
    ('node = "hv1"\n', 'node = "hv9"\n', 16, "node"),
    ('node = "hv1"\n', 'node = "hv1"\nnode_limit = ["hv1", "hv7"]\n', 17, "node_limit"),
    ('node = "hv1"\n', 'node = "hv1"\nwanted = "Running"\n', 17, "wanted"),
    ('node = "hv1"\n', 'node = "hv1"\nprevious_node = "hv1"\n', 17, "previous_node"),
    ('name = "hv2"', 'name = "hv1"', 9, "name"),
    ('name = "hv2"', 'name = "../etc"', 9, "name"),
    ("at_s = 10\n", "", 17, "at_s"),
    ("at_s = 10\n", "at_s = -1\n", 18, "at_s"),
    ("power-cut hv1", "power-cut hv9", 19, "do"),
    ("power-cut hv1", "power-cutt hv1", 19, "do"),
    ("power-cut hv1", "power-cut", 19, "do"),
    ("power-cut hv1", "storage-slow fast", 19, "do"),
    ("power-cut hv1", "guest-crash web9", 19, "do"),
    ("power-cut hv1", "node flush", 19, "do"),
    ("power-cut hv1", "vm migrate web1 --forse", 19, "do"),
    ("power-cut hv1", "simulate x.toml", 19, "do"),
    ("power-cut hv1", "vm 'migrate", 19, "do"),
    ('do = "power-cut hv1"', 'do = "power-cut hv1"\nrefused = true', 20, "refused"),
    ('do = "power-cut hv1"', 'do = "maintenance on"\nrefused = "yes"', 20, "refused"),
    ('vm = "web1"\n', 'vm = "web2"\n', 24, "vm"),
    ("node_in", "nodes_in", 25, "nodes_in"),
    ("node_in", "status_is", 25, "status_is"),
    ('["hv1", "hv2"]', '["hv1", "hv3"]', 25, "node_in"),
    ('["hv1", "hv2"]', '"hv1"', 25, "node_in"),
    ('vm = "web1"\nnode_in = ["hv1", "hv2"]', 'node = "hv1"\npower = "of"', 25, "power"),
    ('vm = "web1"\nnode_in = ["hv1", "hv2"]', 'node = "hv1"\nalive = "yes"', 25, "alive"),
    ('vm = "web1"\nnode_in = ["hv1", "hv2"]', 'node = "hv1"\nvms = "3"', 25, "vms"),
    ('vm = "web1"\nnode_in = ["hv1", "hv2"]', 'fence = "hv1"\nphase = "recoverd"', 25, "phase"),
    ('vm = "web1"\nnode_in = ["hv1", "hv2"]', 'fence = "hv1"\ncause_in = ["", "absence"]', 25, "cause_in"),
    ('vm = "web1"\nnode_in = ["hv1", "hv2"]', 'vmm = "web1"', 24, "vmm"),
    ('vm = "web1"\nnode_in = ["hv1", "hv2"]', 'maintenance = "on"', 24, "maintenance"),
    ('node_in = ["hv1", "hv2"]', 'state = "runing"', 25, "state"),
    ('node_in = ["hv1", "hv2"]', "state = true", 25, "state"),
    ('node_in = ["hv1", "hv2"]', 'failure = ["x"]', 25, "failure"),
    ('node_in = ["hv1", "hv2"]', 'node_limit = "hv1"', 25, "node_limit"),
    ('node_in = ["hv1", "hv2"]', 'node_limit_in = [["hv1"], ["hv3"]]', 25, "node_limit_in"),
    ('["hv1", "hv2"]', "[]", 25, "node_in"),
    ("[[node]]", "[[nodes]]", 4, "nodes"),
    ('name = "hv1"', 'name = "hv1"\nload = -1', 6, "load"),
    ('vm = "web1"\nnode_in = ["hv1", "hv2"]', 'vm = "web1"', 24, "vm"),
    ('vm = "web1"\nnode_in = ["hv1", "hv2"]', "at_s = 3", 23, ""),
    ('node_in = ["hv1", "hv2"]', 'state = "running"\n[run]\nuntil_s = 3', 27, "until_s"),
]


@pytest.mark.parametrize("was, becomes, line, field", BAD)
def test_names_line_and_field_of_what_is_wrong(was: str, becomes: str, line: int, field: str) -> None:
    assert was in GOOD
    with pytest.raises(BadScenario) as caught:
        parsed(GOOD.replace(was, becomes, 1))
    assert (caught.value.line, caught.value.field) == (line, field), str(caught.value)
