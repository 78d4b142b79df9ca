"""The wire from a BMC to its host's mains: the program that ipmi_sim calls as `… get power` and `… set power 0|1`.

The file `bmc-mode` beside the host's plan says how the BMC behaves: `ok`; `lies`: it says what it was told and does
nothing; `hangs`: it takes longer than anybody waits. Run as `python -S -m lab.chassis HOST_DIRECTORY WORDS…`.
"""

import sys
import time
from pathlib import Path

from lab.power import HostPlan, first_process, load_plan, power_cut, power_on

HANG_S = 30.0


def answer(plan: HostPlan, words: list[str]) -> str:
    """What the BMC is to hear; what it asks for is done by then."""
    mode_file = plan.path / "bmc-mode"
    mode = mode_file.read_text().strip() if mode_file.exists() else "ok"
    if mode == "hangs":
        time.sleep(HANG_S)
    if words[:2] == ["get", "power"]:
        return f"power:{_claimed_power(plan, mode)}"
    if words[:2] == ["set", "power"]:
        _set_power(plan, mode, words[2])
    return ""


def _claimed_power(plan: HostPlan, mode: str) -> str:
    claim = plan.path / "bmc-claim"
    if mode == "lies" and claim.exists():
        return claim.read_text().strip()
    return "1" if first_process(plan) else "0"


def _set_power(plan: HostPlan, mode: str, wanted: str) -> None:
    if mode == "lies":
        (plan.path / "bmc-claim").write_text(wanted)
    elif wanted == "1":
        power_on(plan)
    else:
        power_cut(plan)


def main() -> None:
    directory, *words = sys.argv[1:]
    print(answer(load_plan(Path(directory)), words))


if __name__ == "__main__":
    main()
