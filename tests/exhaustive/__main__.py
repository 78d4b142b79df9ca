"""The long searches of the intact protocol: `python -m tests.exhaustive [WORD IN THE SCENE'S NAME]`."""

import sys
import time

from tests.exhaustive.search import search
from tests.exhaustive.world import LONG_SCENES, SCENES


def main() -> int:
    """Search every scene whose name has the word in it; 1 when a property breaks."""
    word = sys.argv[1] if len(sys.argv) > 1 else ""
    broken = False
    for scene in (*SCENES, *LONG_SCENES):
        if word not in scene.name:
            continue
        began_s = time.process_time()
        found = search(scene)
        broken = broken or found.broken is not None
        print(f"{scene.name}: {found.states:,} states, {found.moves:,} moves, {time.process_time() - began_s:.0f} s")  # noqa: T201
        print("\n".join((str(found.broken), *found.trace)) if found.broken else "every promise holds", flush=True)  # noqa: T201
    return int(broken)


if __name__ == "__main__":
    sys.exit(main())
