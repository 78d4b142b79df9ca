from pvccore.model.struct import replace
from pvccore.model.vm import Definition, Vm
from pvctui.rows.lines import text_of
from pvctui.rows.meaning import changes_line, changes_of, is_outside, meaning_line
from tests.pvctui.canned import cluster_of, node, vm

NODES = [node("hv1"), node("hv2"), node("hv3", free_gb=10)]
WEB = vm(1, "web1", "hv1")


def meaning(limit: tuple[str, ...] = (), *, subject: Vm = WEB, **changes: object) -> str:
    after = replace(subject.definition, node_limit=limit, **changes)  # type: ignore[arg-type] # fields by their names
    return text_of(meaning_line(cluster_of(NODES, [subject]), subject, after))


def test_it_names_where_the_vm_would_go_and_then() -> None:
    assert meaning() == "Means: If hv1 dies, it goes to hv2 (128 G of room). If both die, it goes to hv3."


def test_a_limit_of_two_parks_it_when_both_die() -> None:
    said = meaning(("hv1", "hv2"))
    assert said.endswith("If both die, it is parked and started when hv1 or hv2 can take it.")


def test_a_limit_of_one_parks_it_at_once_and_says_why() -> None:
    said = meaning(("hv1",))
    assert "If hv1 dies, it is parked and started when hv1 can take it." in said
    assert "(limit hv1)" in said


def test_without_autorestart_a_parked_vm_stays_so() -> None:
    assert "stays so until a person starts it" in meaning(("hv1",), autorestart=False)


def test_a_limit_that_leaves_out_its_node_is_said_first() -> None:
    assert meaning(("hv2",)).startswith("Means: hv1, where it is, is outside this limit. ")
    assert is_outside(WEB, replace(WEB.definition, node_limit=("hv2",)))


def test_a_vm_on_no_node_means_nothing_yet() -> None:
    assert meaning(subject=vm(1, "web1", "")) == "Means: it is on no node yet."


def test_changes_are_told_field_by_field() -> None:
    before = Definition(name="web1")
    after = replace(before, node_limit=("hv1", "hv2"), autorestart=False, description="front")
    assert text_of(changes_line(before, after)) == (
        "Changes: description “” → “front”; node limit any → hv1,hv2; autorestart yes → no"
    )


def test_no_change_is_none_whatever_the_version() -> None:
    before = Definition(name="web1", version=3)
    assert changes_of(before, replace(before, version=4)) == {}
    assert text_of(changes_line(before, before)) == "Changes: none"
