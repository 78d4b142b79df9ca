from pvccore.operations.operator import Operator, Result
from pvctui.dialogs.messages import AskedForMany, OneOfMany
from pvctui.dialogs.verb import VerbDialog
from pvctui.verbs import VERBS
from tests.pvctui.canned import uuid, well
from tests.pvctui.console import console
from tests.pvctui.stored import StoredCluster


def broken(_operator: Operator) -> Result:
    message = "boom"
    raise RuntimeError(message)


async def test_a_defect_is_told_in_the_dialog_that_waits() -> None:
    async with console(None, stored=StoredCluster(well())) as shown:
        dialog = VerbDialog(shown.app.view, VERBS["vm.start"], [uuid(1), uuid(2)])
        await shown.app.push_screen(dialog)
        dialog.ask(broken, f"vm {uuid(1)}", "starting")
        await shown.until(lambda: "the console failed: RuntimeError: boom" in shown.text())
        assert shown.app.view.on_way == {}


async def test_a_defect_in_one_of_many_is_told_for_all_that_are_left_though_the_dialog_is_closed() -> None:
    async with console(None, stored=StoredCluster(well())) as shown:
        dialog = VerbDialog(shown.app.view, VERBS["vm.start"], [uuid(1), uuid(2)])
        many = [OneOfMany(subject=f"vm {uuid(number)}", name=f"app{number}", request=broken) for number in (1, 2)]
        shown.app.post_message(AskedForMany(dialog, many, "starting"))
        await shown.until(lambda: "starting app1: the console failed" in shown.text())
        assert "starting app2: the console failed" in shown.text()
        assert shown.app.view.on_way == {}
