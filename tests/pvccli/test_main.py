"""The program around the verbs: exit codes, start-up, in-process use, waiting, completion."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import click
import pytest

from pvccli.in_process import InProcessVerbs
from pvccli.main import COMMANDS, check, run
from pvccli.main import pvc as program
from pvccli.options import complete_nodes, complete_settings, complete_vms
from pvccli.output import table
from pvccli.seat import Seat, has_a_person, print_line
from pvccore.model.errors import Invalid, Refused, Unavailable
from pvccore.model.settings import SETTING_NAMES
from pvccore.model.struct import replace
from pvccore.model.vm import VmState, Wanted
from pvccore.plan.outcome import Goal, Progress
from tests.operations.world import World
from tests.pvccli.conftest import Pvc
from tests.pvccli.verbs import contexts_of

COSTLY = ("kazoo", "lxml", "textual", "litestar", "rich", "simulation", "nodedaemon")
VALUES = "pvccore.model.struct"


@pytest.mark.parametrize(
    "arguments, costly",
    [(["--help"], (*COSTLY, VALUES)), (["vm", "--help"], COSTLY), (["node", "flush", "--help"], COSTLY)],
)
def test_help_imports_nothing_costly(arguments: list[str], costly: tuple[str, ...]) -> None:
    script = (
        "import sys\nfrom pvccli.main import exit_code\n"
        f"code = exit_code({arguments!r})\n"
        f"found = sorted(set({costly!r}) & set(sys.modules))\n"
        "sys.exit(code or (', '.join(found) if found else 0))"
    )
    ended = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False, timeout=60)
    assert (ended.returncode, ended.stderr) == (0, "")


@pytest.mark.parametrize("name", sorted(set(COMMANDS)))
def test_every_command_of_the_table_is_there(name: str) -> None:
    context = click.Context(program)
    command = program.get_command(context, name)
    assert command is not None
    assert command.name == name


def test_an_unknown_cluster_is_named(pvc: Pvc, tmp_path: Path) -> None:
    config = tmp_path / "config.toml"
    config.write_text('[clusters.a]\nzookeeper = ["h1:2181"]\n[clusters.b]\nzookeeper = ["h2:2181"]\n')
    said = pvc(f"--config {config} -c prod vm list", seat=Seat())
    assert (said.code, said.err) == (1, "pvc: no cluster 'prod'; configured are: a, b\n")
    assert "choose one by -c: a, b" in pvc(f"--config {config} vm list", seat=Seat()).err


def test_an_unreachable_cluster_ends_with_3(pvc: Pvc, world: World) -> None:
    world.tree.go_down()
    said = pvc("vm list")
    assert (said.code, said.out) == (3, "")
    assert said.err.startswith("pvc: ")


def test_a_command_line_runs_in_process(world: World) -> None:
    world.add_vm("web1", "hv1")
    lines: list[str] = []
    run(["vm", "migrate", "web1", "--to", "hv3"], world.operator, lines.append)
    assert lines == ["web1 goes from hv1 to hv3"]
    run(["node", "fence", "hv2"], world.operator)
    with pytest.raises(Refused, match="on its way from hv1 to hv3"):
        run(["vm", "migrate", "web1", "--to", "hv2"], world.operator)
    with pytest.raises(Invalid, match="command 'vm dance'"):
        run(["vm", "dance"], world.operator)
    with pytest.raises(Invalid, match="command 'vm start'"):
        run(["vm", "start"], world.operator)


def test_verbs_on_a_callers_session_have_counted_ids(world: World) -> None:
    world.add_vm("web1", "hv1")
    InProcessVerbs().run(["vm", "shutdown", "web1"], world.operator.session)
    request = world.vm("web1").placement.request
    assert request is not None
    assert request.id == f"{1:032x}"
    with pytest.raises(Invalid, match="dance"):
        InProcessVerbs().check(["vm", "dance"])


@pytest.mark.parametrize(
    "line",
    ["maintenance on", "maintenance", "vm meta web1 --node-limit hv1", "vm tag add a b", "vm move x --to hv1 -w"],
)
def test_a_sound_command_line_passes_the_check(line: str) -> None:
    check(line.split())


@pytest.mark.parametrize(
    "line", ["", "vm", "dance", "vm start", "vm start a b", "vm stop a --to b", "vm tag", "status x"]
)
def test_an_unsound_command_line_is_told(line: str) -> None:
    with pytest.raises(Invalid, match="command"):
        check(line.split())


def _waiting(world: World, ended: Progress) -> Seat:
    def wait(goal: Goal, limit_s: float) -> Progress:
        world.place("web1", state=VmState.RUNNING)
        return ended

    return Seat(given=replace(world.operator, wait=wait))


def test_wait_ends_with_the_outcome(pvc: Pvc, world: World) -> None:
    world.add_vm("web1", "hv1", VmState.STOPPED)
    said = pvc("vm start web1 -w", seat=_waiting(world, Progress(text="web1 runs on hv1", done=True)))
    assert (said.code, said.out) == (0, "web1 runs on hv1\n")
    assert world.vm("web1").placement.wanted is Wanted.RUNNING


@pytest.mark.parametrize(
    "ended, words",
    [
        (Progress(text="web1 failed: locked", failed=True), "pvc: web1 failed: locked"),
        (Progress(text="web1 starting on hv1"), "pvc: not done after 3600 s: web1 starting on hv1"),
    ],
)
def test_wait_ends_with_1_when_it_was_not_done(pvc: Pvc, world: World, ended: Progress, words: str) -> None:
    world.add_vm("web1", "hv1", VmState.STOPPED)
    said = pvc("vm start web1 --wait", seat=_waiting(world, ended))
    assert (said.code, said.out, said.err.strip()) == (1, "", words)


def test_a_table_is_cut_to_the_terminal() -> None:
    rows = [["web1", "a long description of it all", "hv1"]]
    assert table(["name", "description", "node"], rows, 24).splitlines() == [
        "NAME  DESCRIPTION   NODE",
        "web1  a long desc…  hv1",
    ]


def test_columns_without_a_place_are_left_out_and_marked() -> None:
    rows = [["web1", "a long description of it all", "hv1", "yes"]]
    assert table(["name", "description", "node", "autorestart"], rows, 27).splitlines() == [
        "NAME  DESCRIPTION   NODE  …",
        "web1  a long desc…  hv1",
    ]
    assert table(["name", "description", "node"], rows, 5).splitlines() == ["NAME  DESCR…  …", "web1  a lon…"]
    assert table(["name", "description"], rows, 5).splitlines()[1] == "web1  a lon…"


def test_wide_characters_count_their_cells() -> None:
    assert table(["name", "node"], [["日本", "hv1"]]).splitlines() == ["NAME  NODE", "日本  hv1"]
    assert table(["name", "node"], [["日本語日本語", "hv1"]], 12).splitlines()[1] == "日本…   hv1"


def test_completion_stays_silent_without_a_cluster(monkeypatch: pytest.MonkeyPatch) -> None:
    def unreachable(_seat: Seat) -> None:
        raise Unavailable("no ZooKeeper answers")

    monkeypatch.setattr(Seat, "store", unreachable)
    context = click.Context(program, info_name="pvc")
    context.params = {"cluster": "", "config": None}
    assert complete_nodes(context, click.Argument(["node"]), "hv") == []


def test_no_line_of_any_help_breaks_off() -> None:
    for context in contexts_of(program, width=80):
        _, _, listed = context.get_help().partition("Commands:")
        for line in listed.splitlines():
            assert not line.endswith("..."), f"{context.command_path}: {line}"


def test_every_argument_is_named_in_capitals_and_every_option_explained() -> None:
    for context in contexts_of(program):
        for one in context.command.params:
            if isinstance(one, click.Option):
                assert one.help, f"{context.command_path} {one.name}"
            else:
                assert one.make_metavar(context).strip("[]….").isupper() or "SCENARIO" in one.make_metavar(context)


def test_every_verb_takes_a_format_unless_it_prints_a_document_of_its_own() -> None:
    own = {"pvc vm dump", "pvc simulate"}
    for context in contexts_of(program):
        if not isinstance(context.command, click.Group) and context.command_path not in own:
            spelled = {name for one in context.command.params for name in one.opts}
            assert "--format" in spelled, context.command_path


def test_the_version_is_told(pvc: Pvc) -> None:
    assert re.fullmatch(r"pvc \d+\.\d+\.\d+\n", pvc("--version").out)


@pytest.mark.parametrize("line", ["vm stop web1", "vm undefine web1 --stop", "node flush hv1", "node fence hv1"])
def test_who_is_not_there_is_not_asked(pvc: Pvc, world: World, line: str) -> None:
    """A pipe's next line is never taken for an answer."""
    world.add_vm("web1", "hv1")
    before = world.load()
    said = pvc(line, answer="y\n", is_there=False)
    assert (said.code, said.out) == (1, "")
    assert "Nobody is here to answer; -y confirms beforehand" in said.err
    assert world.load() == before


@pytest.mark.parametrize("line", ["vm stop nope", "vm undefine nope --stop", "node fence nope", "node remove hv1"])
def test_nobody_is_asked_about_what_is_refused_anyway(pvc: Pvc, line: str) -> None:
    said = pvc(line, answer="y\n")
    assert said.code == 1
    assert "?" not in said.err


def test_completion_gives_zookeeper_a_second(monkeypatch: pytest.MonkeyPatch) -> None:
    waits: list[float] = []

    def unreachable(seat: Seat) -> None:
        waits.append(seat.connect_limit_s)
        raise Unavailable("no ZooKeeper answers")

    monkeypatch.setattr(Seat, "store", unreachable)
    context = click.Context(program, info_name="pvc")
    assert complete_vms(context, click.Argument(["vm"]), "w") == []
    assert waits == [1.0]


def test_settings_are_completed_without_a_cluster() -> None:
    def completed(begun: str) -> list[str]:
        return [str(one.value) for one in complete_settings(click.Context(program), click.Argument(["name"]), begun)]

    assert completed("fence") == ["fence_after_s", "fences_in_parallel"]
    assert completed("") == list(SETTING_NAMES)


def test_a_full_disk_under_the_output_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    with Path("/dev/full").open("w") as full:
        monkeypatch.setattr(sys, "stdout", full)
        with pytest.raises(Refused, match="standard output: No space left on device"):
            print_line("web1")


def test_closed_standard_streams_are_no_terminals(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdout", None)
    monkeypatch.setattr(sys, "stdin", None)
    assert not Seat().fits_terminal
    assert not has_a_person()
    print_line("for nobody")
