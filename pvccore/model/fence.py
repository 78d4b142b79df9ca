"""Fencing values: what is known, and proven, about a node that must be off."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from pvccore.model.record import Part, Record
from pvccore.model.struct import Struct, field


class FenceCause(StrEnum):
    """Why a node is fenced."""

    ABSENT = "absent"
    UNHEALTHY = "unhealthy"
    PERSON = "person"


class FencePhase(StrEnum):
    """How far a fence has come; written before each step."""

    NONE = "none"
    REQUESTED = "requested"
    OFF_SENT = "off_sent"
    POWERED_OFF = "powered_off"
    RECOVERING = "recovering"
    RECOVERED = "recovered"
    FAILED = "failed"

    @property
    def words(self) -> str:
        """It as people read it: `off sent`."""
        return self.value.replace("_", " ")


PROVEN_OFF = frozenset({FencePhase.POWERED_OFF, FencePhase.RECOVERING, FencePhase.RECOVERED})
"""Phases in which the fenced boot is known to be off."""


class FenceAgentKind(StrEnum):
    """A way to make sure that a node is off."""

    IPMI = "ipmi"
    COMMAND = "command"
    WATCHDOG = "watchdog"
    CEPH_BLOCKLIST = "ceph-blocklist"


class FenceAgent(Struct, frozen=True, kw_only=True):
    """One configured level of fencing of a node; carries no secret.

    address: "host:port" of the BMC for ipmi, the program for command, else empty.
    arguments: further words for `command`.
    """

    kind: FenceAgentKind
    address: str = ""
    arguments: tuple[str, ...] = ()


class Evidence(Part, frozen=True, kw_only=True):
    """What proved that the fenced boot is off; worth nothing in another round or for another boot.

    seen_zxid: the last sign of life of that boot (report or alive) known when it was proven; a later one is a veto.
    """

    round: int
    boot_id: str
    agent: str
    text: str
    seen_zxid: int = 0


class BlocklistPhase(StrEnum):
    """How far the Ceph blocklist entry of a fenced node is."""

    NONE = "none"
    SENT = "sent"
    ACKNOWLEDGED = "acknowledged"


class Blocklist(Part, frozen=True, kw_only=True):
    """The one blocklist entry of a fence: the node's storage address, any port.

    attempts: commands to Ceph (add or lift), each committed before it is given, so that no former manager gives one.
    """

    phase: BlocklistPhase = BlocklistPhase.NONE
    address: str = ""
    round: int = 0
    attempts: int = 0
    error: str = ""


class Fence(Record, frozen=True, kw_only=True):
    """The fence record of one node; always stored, phase none when there is no fence.

    round: grows by one with every fence of this node.
    agent_index: which of the node's fence agents is being tried.
    attempts: outside attempts of this round, committed before each is made. sends: those of the present agent.
    retries: how often the whole fence was tried again after it had failed.
    recovering: uuids of the VMs that this fence has to settle.
    since, phase_since: wall-clock seconds, for people to read; never compared with another machine's clock.
    by, reason: the person and the words of a fence that was asked for.
    leave_off: never power it on afterwards: it was shut down in good order.
    power_ons: how often the node was told to power on again after this fence. power_on_sent: once it worked.
    recent: it had proven the node off and ended less than refence_after_s ago, as far as any manager knows.
    """

    cause: FenceCause = FenceCause.ABSENT
    round: int = 0
    boot_id: str = ""
    phase: FencePhase = FencePhase.NONE
    evidence: tuple[Evidence, ...] = ()
    blocklist: Blocklist = Blocklist()
    agent_index: int = 0
    attempts: int = 0
    sends: int = 0
    retries: int = 0
    error: str = ""
    recovering: tuple[str, ...] = ()
    since: float = 0.0
    phase_since: float = 0.0
    times: Mapping[str, float] = field(default_factory=dict)
    by: str = ""
    reason: str = ""
    leave_off: bool = False
    power_on_sent: bool = False
    power_ons: int = 0
    recent: bool = False

    @property
    def stage(self) -> tuple[object, ...]:
        """What must stay the same for "it has been so for N seconds" to mean something."""
        return (self.round, self.phase, self.agent_index, self.attempts, self.retries)

    @property
    def proof(self) -> Evidence | None:
        """The newest evidence of this round for this boot."""
        fitting = [proof for proof in self.evidence if proof.round == self.round and proof.boot_id == self.boot_id]
        return fitting[-1] if fitting else None

    @property
    def under_way(self) -> bool:
        """Whether the node may not act: any phase but none."""
        return self.phase is not FencePhase.NONE

    @property
    def proven_off(self) -> bool:
        """Whether this round's evidence says that the fenced boot is off."""
        return self.phase in PROVEN_OFF

    @property
    def unfinished(self) -> bool:
        """Whether somebody still has to do something for VMs to run again."""
        return self.phase not in (FencePhase.NONE, FencePhase.RECOVERED)
