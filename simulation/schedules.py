"""Random fault schedules: what goes wrong, what people ask for meanwhile, and how it is all mended in the end."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from random import Random

from pvccore.model.node import NodeRole
from pvccore.model.struct import Struct, replace
from simulation.faults import FAULTS, Takes, parse_fault
from simulation.plots import PLOT_S, PLOTS, Line, Plot, Stage
from simulation.scenario import Scenario, Step

FAULTS_UNTIL_S = 110.0
"""Faults and verbs happen before this."""
MENDED_AT_S = 120.0
"""Then everything is mended."""
UNTIL_S = 300.0
"""And then it has this long to come to rest."""
MOST_STEPS = 7
FEW_STEPS = 3
PLOT_SHARE = 0.6
"""How many of the schedules have a plot: faults that are dangerous together."""
BURST_S = 12.0
"""Faults that happen together happen within this."""

FAULT_WEIGHTS: Mapping[str, int] = {
    "power-cut": 10,
    "power-on": 5,
    "partition": 10,
    "heal": 6,
    "kill-daemon": 4,
    "hang-daemon": 5,
    "start-daemon": 5,
    "stop-daemon": 4,
    "stop-host": 3,
    "break-hypervisor": 3,
    "mend-hypervisor": 2,
    "bmc-dead": 4,
    "bmc-lies": 3,
    "bmc-ok": 3,
    "zookeeper-down": 3,
    "zookeeper-up": 3,
    "storage-slow": 3,
    "storage-ok": 1,
    "lock-stuck": 2,
    "guest-crash": 3,
    "guest-shutdown": 2,
    "slow-shutdown": 2,
    "slow-migration": 3,
    "stall-daemon": 12,
    "crash-daemon": 10,
}
VERBS: tuple[tuple[int, str], ...] = (
    (6, "maintenance on"),
    (6, "maintenance off"),
    (5, "node flush {node}"),
    (5, "node ready {node}"),
    (4, "node fence {node}"),
    (2, "node fence {node} --confirmed-off"),
    (3, "vm migrate {vm}"),
    (4, "vm migrate {vm} --to {node}"),
    (2, "vm migrate {vm} --to {node} --force"),
    (2, "vm move {vm} --to {node}"),
    (2, "vm unmigrate {vm}"),
    (3, "vm start {vm}"),
    (2, "vm shutdown {vm}"),
    (2, "vm stop {vm}"),
    (2, "vm restart {vm}"),
    (1, "vm disable {vm}"),
    (1, "vm meta {vm} --node-limit ''"),
    (1, "vm meta {vm} --no-autorestart"),
)
VERB_SHARE = 0.35
"""How many of the steps are a person's."""


class Schedule(Struct, frozen=True, kw_only=True):
    """One random course of events on a scenario's cluster; the seed decides it and the world that it happens in."""

    seed: int
    scenario: Scenario


def random_schedule(cluster: Scenario, seed: int, focus: Plot | None = None) -> Schedule:
    """The schedule of that seed: a plot, or mere chance, or both at once. focus: always this plot."""
    random = Random(f"schedule {seed}")
    lines: list[Line] = []
    if (random.random() < PLOT_SHARE or focus is not None) and cluster.vms:
        plot = focus or random.choice(PLOTS)
        start_s = random.uniform(0.0, FAULTS_UNTIL_S - PLOT_S)
        lines += [(start_s + at_s, line) for at_s, line in plot(Stage(cluster, random))]
    burst_s = random.uniform(0.0, FAULTS_UNTIL_S - BURST_S)
    for _ in range(random.randint(0 if lines else 1, FEW_STEPS if lines else MOST_STEPS)):
        if random.random() < 0.4:  # noqa: PLR2004 - most faults come in bursts
            burst_s = random.uniform(0.0, FAULTS_UNTIL_S - BURST_S)
        lines.append((burst_s + random.uniform(0.0, BURST_S), _random_line(cluster, random)))
    steps = [_step(cluster, round(at_s, 2), line) for at_s, line in sorted(lines)]
    return Schedule(seed=seed, scenario=with_steps(cluster, steps))


def with_steps(cluster: Scenario, steps: list[Step]) -> Scenario:
    """The cluster with these faults and with everything mended afterwards; nothing is expected but what always is."""
    return replace(
        cluster,
        steps=(*steps, *_mending(cluster)),
        expectations=(),
        until_s=UNTIL_S,
        description="Found by the fuzzer: after these faults a rule that must always hold does not.",
    )


def faults_of(scenario: Scenario) -> list[Step]:
    """The steps of a schedule before everything is mended."""
    return [step for step in scenario.steps if step.at_s < MENDED_AT_S]


def _mending(cluster: Scenario) -> list[Step]:
    each = ("bmc-ok", "heal", "mend-hypervisor", "power-on", "start-daemon")
    lines = ["zookeeper-up", "storage-ok"]
    lines += [f"{verb} {node.name}" for node in cluster.nodes for verb in each if node.alive or verb != "power-on"]
    return [_step(cluster, MENDED_AT_S, line) for line in [*lines, "maintenance off"]]


def _random_line(cluster: Scenario, random: Random) -> str:
    if cluster.vms and random.random() < VERB_SHARE:
        (line,) = random.choices([text for _, text in VERBS], [weight for weight, _ in VERBS])
        vm = random.choice(cluster.vms).definition.name
        return line.format(node=random.choice(cluster.nodes).name, vm=vm)
    names = list(FAULT_WEIGHTS)
    (verb,) = random.choices(names, [FAULT_WEIGHTS[name] for name in names])
    return " ".join([verb, *_arguments(FAULTS[verb].takes, cluster, random)])


def _arguments(takes: Takes, cluster: Scenario, random: Random) -> list[str]:
    node = random.choice(_often_coordinators(cluster, random))
    vm = random.choice(cluster.vms).definition.name if cluster.vms else ""
    seconds = f"{random.choice((0.5, 2, 3, 5, 8, 12)):g}"
    return {
        Takes.NOTHING: [],
        Takes.NODE: [node],
        Takes.SECONDS: [seconds],
        Takes.VM: [vm],
        Takes.VM_SECONDS: [vm, f"{random.choice((1, 6, 15, 40)):g}"],
        Takes.NODE_COUNT_SECONDS: [node, str(random.randint(1, 6)), seconds],
        Takes.NODE_COUNT: [node, str(random.randint(1, 12))],
    }[takes]


def _often_coordinators(cluster: Scenario, random: Random) -> list[str]:
    nodes = [node.name for node in cluster.nodes]
    coordinators = [node.name for node in cluster.nodes if node.role is NodeRole.COORDINATOR]
    # The first coordinator holds the lease at 0 s: what happens to it matters more than chance would have it.
    return coordinators[:1] if coordinators and random.random() < 0.2 else nodes  # noqa: PLR2004


def _step(cluster: Scenario, at_s: float, text: str) -> Step:
    words = tuple(text.replace("''", "\0").split())
    words = tuple(word.replace("\0", "") for word in words)
    names = [node.name for node in cluster.nodes]
    return Step(at_s=at_s, text=text, words=words, fault=parse_fault(words, names, lambda _: True), may_refuse=True)


def shrink(schedule: Schedule, is_bad: Callable[[Scenario], bool]) -> Scenario:
    """The shortest schedule found that is still bad: steps left out one by one, again until none can be."""
    cluster, steps = schedule.scenario, faults_of(schedule.scenario)
    shortened = True
    while shortened:
        shortened = False
        for index in reversed(range(len(steps))):
            fewer = [*steps[:index], *steps[index + 1 :]]
            if is_bad(with_steps(cluster, fewer)):
                steps, shortened = fewer, True
    return with_steps(cluster, steps)
