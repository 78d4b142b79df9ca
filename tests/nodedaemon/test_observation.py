import threading

from nodedaemon.observation import ANSWER_LIMIT_S, Observation
from pvccore.plan.domains import Domain, DomainState
from tests.nodedaemon.clocks import HandClock

WEB1 = Domain(uuid="web1", state=DomainState.RUNNING)
WEB2 = Domain(uuid="web2", state=DomainState.PAUSED)


def observation() -> tuple[Observation, HandClock]:
    clock = HandClock()
    return Observation("libvirt", clock), clock


def look(seen: Observation, *domains: Domain) -> None:
    seen.look_ends(seen.look_begins(), {domain.uuid: domain for domain in domains})


def test_nothing_is_known_before_the_first_answer() -> None:
    seen, _ = observation()
    seen.look_failed("connection refused")
    assert seen.domains() is None
    assert seen.error() == "libvirt has not answered yet: connection refused"


def test_what_was_seen_is_remembered() -> None:
    seen, _ = observation()
    look(seen, WEB1)
    assert seen.domains() == {"web1": WEB1}
    assert seen.error() == ""


def test_what_was_seen_is_as_old_as_the_beginning_of_the_look() -> None:
    seen, clock = observation()
    began_s = clock.now_s
    ticket = seen.look_begins()
    clock.now_s += 2.0
    assert seen.seen_at_s() == began_s
    seen.look_ends(ticket, {"web1": WEB1})
    assert seen.seen_at_s() == began_s
    clock.now_s += 3.0
    look(seen, WEB1)
    assert seen.seen_at_s() == began_s + 5.0


def test_a_hypervisor_that_falls_silent_counts_as_unhealthy_though_nobody_waits_for_it() -> None:
    seen, clock = observation()
    look(seen, WEB1)
    clock.now_s += ANSWER_LIMIT_S + 0.1
    assert seen.domains() is None
    assert seen.error() == "libvirt has not answered since 22:30:00 UTC"
    clock.now_s += 60
    assert seen.error() == "libvirt has not answered since 22:30:00 UTC", "the words of one silence stay the same"


def test_a_hypervisor_that_answers_again_is_healthy_and_everybody_is_told() -> None:
    seen, clock = observation()
    look(seen, WEB1)
    told: list[str] = []
    seen.on_change(lambda: told.append("changed"))
    look(seen, WEB1)
    assert told == [], "nothing changed"
    clock.now_s += ANSWER_LIMIT_S + 0.1
    look(seen, WEB1)
    assert told == ["changed"]
    assert seen.error() == ""


def test_a_guest_that_shuts_itself_down_is_told_once_and_only_when_its_domain_is_gone() -> None:
    seen, _ = observation()
    look(seen, WEB1, WEB2)
    seen.guest_shuts_down("web1")
    look(seen, WEB1, WEB2)
    assert seen.take_shut_down_inside() == frozenset()
    seen.domain_ended("web1")
    look(seen, WEB2)
    assert seen.take_shut_down_inside() == {"web1"}
    assert seen.take_shut_down_inside() == frozenset()


def test_a_domain_that_was_destroyed_did_not_shut_itself_down() -> None:
    seen, _ = observation()
    look(seen, WEB1)
    seen.domain_ended("web1")
    look(seen)
    assert seen.domains() == {}
    assert seen.take_shut_down_inside() == frozenset()


def test_a_look_waits_for_the_event_that_says_why_a_domain_is_gone() -> None:
    seen, _ = observation()
    look(seen, WEB1)
    looking = threading.Thread(target=look, args=(seen,))
    looking.start()
    seen.guest_shuts_down("web1")
    seen.domain_ended("web1")
    looking.join(10)
    assert seen.take_shut_down_inside() == {"web1"}


def test_who_acted_waits_for_a_look_that_began_after_the_act() -> None:
    seen, _ = observation()
    early = seen.look_begins()
    acted = threading.Event()

    def act() -> None:
        seen.look_and_wait()
        acted.set()

    acting = threading.Thread(target=act)
    acting.start()
    while seen.look_begins() == early:
        acted.wait(0.001)
    seen.look_ends(early, {})
    assert not acted.is_set()
    look(seen, WEB1)
    acting.join(10)
    assert acted.is_set()
