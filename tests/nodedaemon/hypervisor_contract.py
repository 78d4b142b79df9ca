"""What an agent relies on in a hypervisor and what acts on it; the simulated one and libvirt are held to the same."""

from collections.abc import Callable, Mapping
from typing import Protocol

from pvccore.plan.domains import Domain, DomainState
from pvccore.plan.effects import Destroy, MigrateLive, Resume, Shutdown, StartPaused, VmEffect


class HypervisorWorld(Protocol):
    """Two hosts, here and there, and guests that do as a test says."""

    def new_vm(self) -> str:
        """The uuid of a VM that can be started."""

    def perform(self, effect: VmEffect) -> str:
        """Perform an effect here to its end; its error."""

    def here(self) -> Mapping[str, Domain]:
        """What the agent here observes."""

    def there(self) -> Mapping[str, Domain]:
        """What the agent there observes."""

    def shut_down_inside(self) -> frozenset[str]:
        """What the agent here is told of guests that shut themselves down."""

    def wait_until(self, question: Callable[[], bool], what: str) -> None:
        """Until it is true, for a bounded time."""

    def boot(self, uuid: str) -> None:
        """Wait until the guest hears its power button."""

    def power_off_inside(self, uuid: str) -> None:
        """The guest shuts itself down."""

    def crash(self, uuid: str) -> None:
        """The guest's process dies."""

    def address_there(self) -> str:
        """Where the other host takes migrations."""


class HypervisorContract:
    """The tests; whoever inherits them has a fixture `world`."""

    def started(self, world: HypervisorWorld) -> str:
        uuid = world.new_vm()
        assert world.perform(StartPaused(uuid=uuid, run_id="r")) == ""
        assert world.perform(Resume(uuid=uuid, run_id="r")) == ""
        return uuid

    def test_what_was_started_paused_is_there_paused_by_the_time_it_is_told(self, world: HypervisorWorld) -> None:
        uuid = world.new_vm()
        assert uuid not in world.here()
        assert world.perform(StartPaused(uuid=uuid, run_id="r")) == ""
        assert world.here()[uuid] == Domain(uuid=uuid, state=DomainState.PAUSED)

    def test_what_was_resumed_runs_and_may_be_resumed_again(self, world: HypervisorWorld) -> None:
        uuid = self.started(world)
        assert world.here()[uuid].state is DomainState.RUNNING
        assert world.perform(Resume(uuid=uuid, run_id="r")) == ""
        assert world.here()[uuid].state is DomainState.RUNNING

    def test_a_second_domain_of_one_vm_is_refused_and_the_first_runs_on(self, world: HypervisorWorld) -> None:
        uuid = self.started(world)
        assert world.perform(StartPaused(uuid=uuid, run_id="again"))
        assert world.here()[uuid].state is DomainState.RUNNING

    def test_what_was_destroyed_is_gone_and_may_be_destroyed_again(self, world: HypervisorWorld) -> None:
        uuid = self.started(world)
        assert world.perform(Destroy(uuid=uuid, run_id="r")) == ""
        assert uuid not in world.here()
        assert world.perform(Destroy(uuid=uuid, run_id="r")) == ""
        assert world.shut_down_inside() == frozenset()

    def test_what_is_not_there_can_neither_be_resumed_nor_shut_down(self, world: HypervisorWorld) -> None:
        uuid = world.new_vm()
        assert world.perform(Resume(uuid=uuid, run_id="r"))
        assert world.perform(Shutdown(uuid=uuid, run_id="r"))

    def test_the_power_button_ends_a_guest_after_a_while(self, world: HypervisorWorld) -> None:
        uuid = self.started(world)
        world.boot(uuid)
        assert world.perform(Shutdown(uuid=uuid, run_id="r")) == ""
        world.wait_until(lambda: uuid not in world.here(), "the guest has shut down")

    def test_a_guest_that_shuts_itself_down_is_told_once(self, world: HypervisorWorld) -> None:
        uuid = self.started(world)
        world.boot(uuid)
        world.power_off_inside(uuid)
        world.wait_until(lambda: uuid not in world.here(), "the guest has shut down")
        assert world.shut_down_inside() == {uuid}
        assert world.shut_down_inside() == frozenset()

    def test_a_guest_that_crashed_did_not_shut_itself_down(self, world: HypervisorWorld) -> None:
        uuid = self.started(world)
        world.crash(uuid)
        world.wait_until(lambda: uuid not in world.here(), "the guest is gone")
        assert world.shut_down_inside() == frozenset()

    def test_a_migrated_guest_is_gone_here_and_paused_there(self, world: HypervisorWorld) -> None:
        uuid = self.started(world)
        world.boot(uuid)
        assert world.perform(migration(uuid, world.address_there(), limit_s=60.0)) == ""
        assert uuid not in world.here()
        world.wait_until(lambda: uuid in world.there(), "the guest has arrived")
        assert world.there()[uuid] == Domain(uuid=uuid, state=DomainState.PAUSED)
        assert world.shut_down_inside() == frozenset()

    def test_a_migration_that_takes_too_long_is_called_off_and_the_guest_runs_on(self, world: HypervisorWorld) -> None:
        uuid = self.started(world)
        world.boot(uuid)
        assert world.perform(migration(uuid, world.address_there(), limit_s=0.1))
        world.wait_until(lambda: world.here()[uuid].state is DomainState.RUNNING, "the guest runs on")
        world.wait_until(lambda: uuid not in world.there(), "its copy is gone")


def migration(uuid: str, address: str, *, limit_s: float) -> MigrateLive:
    return MigrateLive(
        uuid=uuid, run_id="m", target="there", target_address=address, max_downtime_ms=300, limit_s=limit_s
    )
