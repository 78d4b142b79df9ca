"""A state of the search as values of `pvccore.model`, and back.

Each record has a version of its own, so that a check of a wrong version is noticed.
"""

from __future__ import annotations

from pvccore.model.change import Kind
from pvccore.model.fence import (
    Blocklist,
    BlocklistPhase,
    Evidence,
    Fence,
    FenceAgent,
    FenceAgentKind,
    FencePhase,
)
from pvccore.model.node import Alive, Node, NodeConfig, Presence, Report
from pvccore.model.settings import AfterFence, ReturnAfterFence, Settings
from pvccore.model.vm import Claim, Definition, Placement, Vm, Wanted
from pvccore.plan.effects import (
    Power,
)
from tests.exhaustive.world import (
    ANNOUNCED,
    NO_BOOT,
    NOT_ANNOUNCED,
    OLD_BOOT,
    FenceIs,
    Proof,
    Scene,
    Seen,
    Sign,
    VmIs,
)

TARGET, OTHER, VM = "target", "other", "vm"
ADDRESS = "10.0.0.1"
NOW_S, LONG_S = 1_000_000.0, 100_000.0
SIGN_S = 10.0
"""Time since the last sign of life; readings are made after it, unless they are `OFF_BEFORE_A_SIGN`."""
VERSIONS = {Kind.FENCE: 11, Kind.PRESENCE: 22, Kind.REPORT: 33, Kind.MAINTENANCE: 44, Kind.PLACEMENT: 55}
SEEN_ZXID = 50
ROUND = 7
"""Of the fence at hand; only whether two rounds are the same matters."""
LOCKED = (BlocklistPhase.NONE, BlocklistPhase.SENT, BlocklistPhase.ACKNOWLEDGED)
PROOF_NAMES = {Proof.READINGS: "ipmi", Proof.NEW_BOOT: "boot id", Proof.WATCHDOG: "watchdog"}
IPMI = FenceAgent(kind=FenceAgentKind.IPMI, address="bmc:623")
WATCHDOG = FenceAgent(kind=FenceAgentKind.WATCHDOG)
READINGS: dict[Seen, tuple[tuple[float, Power], ...]] = {
    Seen.NOTHING: (),
    Seen.OFF_ONCE: ((NOW_S - 4, Power.OFF),),
    Seen.OFF_TWICE: ((NOW_S - 4, Power.OFF), (NOW_S - 3, Power.OFF)),
    Seen.ON: ((NOW_S - 4, Power.ON),),
    Seen.UNKNOWN: ((NOW_S - 4, Power.UNKNOWN),),
    Seen.OFF_BEFORE_A_SIGN: ((NOW_S - SIGN_S - 0.5, Power.OFF),),
}
READ = "ReadPower"


def _settings() -> Settings:
    # Powering on is a fault that may happen at any time here, so the manager need not do it.
    return Settings(version=1, after_fence=AfterFence.LEAVE_OFF, return_after_fence=ReturnAfterFence.READY)


SETTINGS = _settings()


def boot_name(boot: int) -> str:
    """The boot id as a word."""
    return BOOT_NAMES[boot]


BOOT_NAMES = {NO_BOOT: "", OLD_BOOT: "boot-old", ANNOUNCED: "boot0", NOT_ANNOUNCED: "boot1"}
BOOT_NUMBERS = {name: boot for boot, name in BOOT_NAMES.items()}


def real_fence(fence: FenceIs) -> Fence:
    """The fence record."""
    proof = PROOF_NAMES.get(fence.proof)
    evidence = Evidence(round=ROUND, boot_id=boot_name(fence.boot), agent=proof or "", text="", seen_zxid=SEEN_ZXID)
    locked = Blocklist(phase=LOCKED[fence.locked], address=ADDRESS, round=ROUND, attempts=1)
    return Fence(
        version=VERSIONS[Kind.FENCE],
        round=ROUND,
        boot_id=boot_name(fence.boot),
        phase=fence.phase,
        evidence=(evidence,) if proof else (),
        blocklist=locked if fence.locked else Blocklist(),
        agent_index=fence.agent,
        attempts=int(fence.attempted),
        sends=fence.sends,
        recovering=(VM,) if fence.listed else (),
    )


def abstract_fence(fence: Fence) -> FenceIs:
    """The record without what nothing depends on; what a finished fence leaves behind is nothing but its round."""
    if fence.phase is FencePhase.NONE:
        assert fence.blocklist.phase is BlocklistPhase.NONE, "a fence must not end locked out"
        return FenceIs()
    agents = {name: proof for proof, name in PROOF_NAMES.items()}
    proof = fence.proof
    return FenceIs(
        phase=fence.phase,
        boot=BOOT_NUMBERS[fence.boot_id],
        proof=agents[proof.agent] if proof is not None else Proof.NONE,
        locked=LOCKED.index(fence.blocklist.phase),
        attempted=fence.attempts > 0,
        sends=fence.sends,
        agent=fence.agent_index,
        listed=bool(fence.recovering),
    )


def real_target(fence: FenceIs, presence: int, *, clean: bool, alive: bool, scene: Scene) -> Node:
    signs = {Sign.NONE: (20, 20), Sign.ALIVE: (20, SEEN_ZXID + 1), Sign.REPORT: (SEEN_ZXID + 1, 20)}
    report_zxid, alive_zxid = signs[fence.sign]
    if fence.proof is Proof.NONE:
        report_zxid, alive_zxid = SEEN_ZXID, 20
    return Node(
        name=TARGET,
        config=NodeConfig(
            version=1,
            machine_id=TARGET,
            storage_address=ADDRESS,
            fence_agents=(IPMI, WATCHDOG) if scene.has_watchdog else (IPMI,),
            self_fence_bound_s=scene.bound_s if scene.has_watchdog else 0.0,
        ),
        presence=Presence(
            version=VERSIONS[Kind.PRESENCE],
            boot_id=boot_name(presence),
            daemon_id=f"d{presence}",
            watchdog_armed=scene.armed or scene.says_armed,
            clean_round=ROUND if clean else -1,
        ),
        alive=Alive(token="s-1", zxid=alive_zxid) if alive else None,
        report=Report(
            version=VERSIONS[Kind.REPORT],
            zxid=report_zxid,
            boot_id=boot_name(fence.boot if fence.boot != NO_BOOT else presence),
            memory_total_mb=65536,
            memory_free_mb=32768,
        ),
        fence=real_fence(fence),
    )


def _real_other() -> Node:
    return Node(
        name=OTHER,
        config=NodeConfig(version=1, machine_id=OTHER, storage_address="10.0.0.2", fence_agents=(IPMI,)),
        presence=Presence(version=1, boot_id="boot0", daemon_id="o"),
        alive=Alive(token="s-2", zxid=1),
        report=Report(version=1, zxid=1, boot_id="boot0", memory_total_mb=65536, memory_free_mb=65536),
        fence=Fence(version=1),
    )


OTHER_NODE = _real_other()


def _run_id(node: str, claim: int) -> str:
    return f"d{claim}-1" if node == TARGET else "o-1"


def real_vm(vm: VmIs) -> Vm:
    """The VM with its placement."""
    node = TARGET if vm.at_target else OTHER
    claim = Claim(boot_id=boot_name(vm.claim), run_id=_run_id(node, vm.claim)) if vm.claim != NO_BOOT else None
    placement = Placement(
        version=VERSIONS[Kind.PLACEMENT],
        wanted=Wanted.RUNNING,
        state=vm.state,
        node=node,
        parked_on=TARGET if vm.parked else "",
        claim=claim,
    )
    return Vm(uuid=VM, definition=Definition(version=1, name=VM, memory_mb=1024, vcpus=1), placement=placement)


def abstract_vm(placement: Placement) -> VmIs:
    """The placement without what nothing depends on here."""
    claim = placement.claim
    return VmIs(
        at_target=placement.node == TARGET,
        state=placement.state,
        claim=BOOT_NUMBERS[claim.boot_id] if claim is not None else NO_BOOT,
        parked=bool(placement.parked_on),
    )
