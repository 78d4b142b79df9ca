import pytest

from pvccore.model.struct import replace
from pvccore.plan.storage import STORAGE_VERBS
from pvctui.rows.lines import text_of
from pvctui.rows.storage_actions import StorageAction, action_of_choice, actions_on, every_action, refusal_of
from pvctui.rows.storage_means import Meaning, meaning_lines, meaning_of
from tests.pvctui.canned import well
from tests.pvctui.canned_storage import on_ceph


def told(verb: str, **given: str) -> str:
    meaning = meaning_of(STORAGE_VERBS[verb], given, on_ceph())
    return "\n".join(text_of(line) for line in meaning_lines(meaning))


@pytest.mark.parametrize(
    "subject, first, last",
    [
        ("osd 1", "storage osd in", "storage osd remove"),
        ("osd ", "storage osd set", "storage osd add"),
        ("pool vms", "storage pool set-pgs", "storage pool remove"),
        ("volume vms/web1", "storage volume snapshot add", "storage volume remove"),
        ("volume ", "storage volume add", "storage volume upload"),
        ("snapshot vms/web1@before", "storage volume clone", "storage volume snapshot remove"),
    ],
)
def test_a_row_offers_what_fits_it_the_harmless_first(subject: str, first: str, last: str) -> None:
    verbs = [action.verb for action in actions_on(subject, on_ceph())]
    assert (verbs[0], verbs[-1]) == (first, last)


def test_a_row_of_another_kind_offers_nothing() -> None:
    assert actions_on("vm x", on_ceph()) == []
    assert actions_on("snapshot ", on_ceph()) == []


def test_every_verb_can_be_had_from_some_menu_and_survives_it() -> None:
    assert {action.verb for action in every_action()} == set(STORAGE_VERBS)
    action = StorageAction(verb="storage osd out", given={"osd": "3"}, proposed={"a": "[b] \x1b"})
    assert action_of_choice(action.choice) == action
    assert action_of_choice("go.vms") is None


def test_what_is_known_to_be_refused_says_so_in_the_menu() -> None:
    refused = {action.verb: refusal_of(action, on_ceph()) for action in actions_on("volume vms/web1", on_ceph())}
    assert "web1" in refused["storage volume remove"]
    assert refused["storage volume resize"] == ""
    assert refusal_of(actions_on("osd 1", on_ceph())[0], well()) == "no storage report yet"


def test_what_is_missing_is_named() -> None:
    assert told("storage volume add", volume="vms/new") == "still to fill in: size"


def test_what_would_be_refused_is_told_as_one_types() -> None:
    assert told("storage volume add", volume="vms/new", size="lots").startswith("✗ ")
    assert told("storage volume add", volume="gone/new", size="1G").startswith("✗ ")


def test_what_would_be_lost_is_named() -> None:
    text = told("storage volume remove", volume="vms/stray")
    assert text.startswith("Will remove volume vms/stray\nLost for good:\n  volume vms/stray, 1 G")


def test_many_losses_are_counted() -> None:
    text = meaning_lines(Meaning(title="t", losses=tuple(str(number) for number in range(12))))
    assert text_of(text[-1]) == "  and 4 more"


def test_nothing_is_refused_that_is_not_known_to_be() -> None:
    cluster = replace(on_ceph(), vms={}, names={})
    assert meaning_of(STORAGE_VERBS["storage volume remove"], {"volume": "vms/[red]old"}, cluster).refusal
    assert meaning_of(STORAGE_VERBS["storage osd out"], {"osd": "0"}, cluster).may_be_asked
