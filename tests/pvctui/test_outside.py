import sys

import pytest

from pvccore.model.errors import Invalid, Refused
from pvccore.model.struct import replace
from pvctui.look import PLAIN, THEMES
from pvctui.outside import NOT_IN_A_BROWSER, command_for
from tests.pvctui.canned import night, uuid
from tests.pvctui.console import console


def test_the_serial_console_of_a_vm_is_asked_for_where_it_runs() -> None:
    assert command_for(f"vm {uuid(1)}", night(), PLAIN) == ("ssh", "-t", "hv1", "virsh", "console", "app1")


def test_a_node_gets_a_shell() -> None:
    looks = replace(PLAIN, ssh_command=("mosh", "root@{node}"))
    assert command_for("node hv2", night(), looks) == ("mosh", "root@hv2")
    assert command_for("fence hv3", night(), looks) == ("mosh", "root@hv3")


def test_nothing_and_what_is_gone_have_no_console() -> None:
    for subject in ("", "vm 0", "node nowhere", "entry 1"):
        with pytest.raises(Refused):
            command_for(subject, night(), PLAIN)


def test_a_hostile_name_reaches_no_shell() -> None:
    cluster = night()
    vm = cluster.vms[uuid(1)]
    hostile = replace(vm, definition=replace(vm.definition, name="x; reboot"))
    with pytest.raises(Invalid):
        command_for(f"vm {uuid(1)}", replace(cluster, vms={uuid(1): hostile}), PLAIN)


async def test_without_a_terminal_it_is_said() -> None:
    looks = replace(PLAIN, console_command=(sys.executable, "--version"))
    async with console(night(), looks=looks) as shown:
        assert NOT_IN_A_BROWSER[:40] in await shown.press("3", "v")


async def test_a_theme_is_chosen_by_its_name() -> None:
    async with console(night()) as shown:
        await shown.press("colon", *"theme contrast", "enter")
        await shown.until(lambda: shown.app.theme == THEMES[2].name)
