"""`pvc-tui`: the operations console, on a real cluster or on a simulated one."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pvccore.state.address import ZooKeeperAddress
    from pvctui.app import Console
    from pvctui.look import Looks
    from pvctui.requests import Requests

from pvccore.model.errors import Invalid, PvcError
from pvccore.operations.version import ShowVersion

DEMO_OFFER = "`pvc-tui --demo` shows the console on a simulated cluster"
LOOKS_FILE = Path("~/.config/pvc/tui.toml")
LOOKS_OFFER = "`pvc-tui --default-looks` starts without it"
ESCAPE_DELAY_MS = "25"
"""So soon after Esc a letter counts as pressed with Alt. Textual's 100 ms are within a hand's reach."""
FRAMES_PER_S = "240"
"""Of what a key changed; of data there are at most 15. By Textual's 60 a key behind a frame waits for up to 33 ms."""
LONGEST_TURN_S = 0.001
"""On the interpreter, where other threads wait. After Python's 5 ms a painted frame was that late on the terminal."""
PLAIN_SIZE = (120, 40)
SERVE_HOST, SERVE_PORT, HIGHEST_PORT = "127.0.0.1", 8000, 65535
SMALLEST, LARGEST = 20, 1000
CONNECT_LIMIT_S = 5.0
EXIT_REFUSED, EXIT_USAGE = 1, 2


def parser() -> argparse.ArgumentParser:
    """The program's options."""
    options = argparse.ArgumentParser(prog="pvc-tui", description="The operations console of a PVC cluster.")
    options.add_argument(
        "-c", "--cluster", default="", metavar="NAME|HOSTS", help="a configured cluster, or h1:2181,h2:2181/chroot"
    )
    options.add_argument("--config", type=Path, metavar="FILE", help="instead of ~/.config/pvc/config.toml")
    options.add_argument("--looks", type=Path, metavar="FILE", help="instead of ~/.config/pvc/tui.toml")
    options.add_argument("--default-looks", action="store_true", help="as the program comes, whatever that file says")
    options.add_argument("--read-only", action="store_true", help="change nothing, whatever key is pressed")
    options.add_argument("--version", action=ShowVersion)
    web = options.add_argument_group("in a browser: pvc-tui serve")
    web.add_argument("what", nargs="?", choices=("serve",), help="serve the console as a page, by the extra `web`")
    web.add_argument("--host", default=SERVE_HOST, metavar="ADDRESS", help=f"where it is served, {SERVE_HOST}")
    web.add_argument("--port", type=_port, default=SERVE_PORT, metavar="N", help=f"and on which port, {SERVE_PORT}")
    web.add_argument("--anybody", action="store_true", help="at an address that other machines reach")
    demo = options.add_argument_group("demo")
    demo.add_argument("--demo", action="store_true", help="on a simulated cluster; D breaks and mends it")
    demo.add_argument("--nodes", type=_number, metavar="N", help="with so many nodes")
    demo.add_argument("--vms", type=_number, metavar="M", help="with so many VMs")
    picture = options.add_argument_group("without a terminal")
    picture.add_argument("--screenshot", type=Path, metavar="FILE.svg", help="draw one frame and exit")
    picture.add_argument("--size", type=_size, default=PLAIN_SIZE, metavar="120x40", help="its columns and lines")
    picture.add_argument(
        "--press", type=_keys, default=(), metavar="3,down,e", help="keys to press first, by Textual's names"
    )
    picture.add_argument("--after", type=float, default=1.0, metavar="SECONDS", help="how long to wait then")
    return options


def _port(text: str) -> int:
    if not text.isdigit() or not 1 <= int(text) <= HIGHEST_PORT:
        raise argparse.ArgumentTypeError(f"{text!r} is not a port")
    return int(text)


def _number(text: str) -> int:
    if not text.isdigit() or not 1 <= int(text) <= 100_000:  # noqa: PLR2004 - more than memory holds
        raise argparse.ArgumentTypeError(f"{text!r} is not a number from 1 to 100000")
    return int(text)


def _size(text: str) -> tuple[int, int]:
    width, _, height = text.partition("x")
    if not (width.isdigit() and height.isdigit()):
        raise argparse.ArgumentTypeError(f"{text!r} is not like 120x40")
    size = int(width), int(height)
    if min(size) < SMALLEST // 2 or max(size) > LARGEST:
        raise argparse.ArgumentTypeError(f"{text!r} is too small or too large")
    return size


def _keys(text: str) -> tuple[str, ...]:
    return tuple(key.strip() for key in text.split(",") if key.strip())


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the console; the exit status."""
    options = parser().parse_args(arguments)
    os.environ.setdefault("ESCDELAY", ESCAPE_DELAY_MS)  # both are read when Textual is first imported
    os.environ.setdefault("TEXTUAL_FPS", FRAMES_PER_S)
    try:
        looks = _looks(options)
        if options.what == "serve":
            return _serve(options)
        options.read_only = options.read_only or looks.read_only
        return _run_demo(options, looks) if options.demo else _run_real(options, looks)
    except PvcError as error:
        sys.stderr.write(f"pvc-tui: {error}\n")
        if isinstance(error, Invalid) and error.field == "looks":
            sys.stderr.write(f"{LOOKS_OFFER}\n")
            return EXIT_USAGE
        if isinstance(error, Invalid) and error.field == "cluster":
            sys.stderr.write(f"{DEMO_OFFER}\n")
            return EXIT_USAGE
        return EXIT_REFUSED


def _looks(options: argparse.Namespace) -> Looks:
    """How a person wants it to look; without a file nothing is loaded that reads one."""
    from pvctui.look import PLAIN

    path = options.looks or LOOKS_FILE.expanduser()
    if options.default_looks or (options.looks is None and not path.is_file()):
        return PLAIN
    from pvctui.config import Choices, read_looks
    from pvctui.lists import column_names
    from pvctui.look import THEME_NAMES

    return read_looks(path, Choices(themes=THEME_NAMES, columns=column_names()))


def _serve(options: argparse.Namespace) -> int:
    """As a page. Every page is a console of its own, with the options of this one."""
    try:
        from pvctui.serve import check_host, serve
    except ImportError as missing:
        sys.stderr.write(f"pvc-tui: serve needs the extra `web`: pip install 'pvc-console[web]' ({missing.name})\n")
        return EXIT_USAGE
    check_host(options.host, anybody=options.anybody)
    serve(_arguments_of_a_page(options), host=options.host, port=options.port)
    return 0


def _arguments_of_a_page(options: argparse.Namespace) -> list[str]:
    given = {
        "--cluster": options.cluster,
        "--config": options.config,
        "--looks": options.looks,
        "--nodes": options.nodes,
        "--vms": options.vms,
    }
    flags = {"--default-looks": options.default_looks, "--read-only": options.read_only, "--demo": options.demo}
    return [f"{name}={value}" for name, value in given.items() if value] + [name for name, on in flags.items() if on]


def _run_demo(options: argparse.Namespace, looks: Looks) -> int:
    from pvctui.app import Console
    from pvctui.bridge import LiveFeed, Opened
    from pvctui.requests import Requests
    from simulation.demo import NODES, VMS, DemoWorld

    world = DemoWorld(nodes=options.nodes or NODES, vms=options.vms or VMS)
    started: list[bool] = []

    def open_world() -> Opened:
        if not started:
            world.start()
            started.append(True)
        return Opened(store=world.store, schema=world.schema, where="the demo")

    feed = LiveFeed(open_world)
    try:
        requests = Requests(feed=feed, who=_who(), read_only=options.read_only)
        return _show(options, Console(requests, looks=looks, demo=world))
    finally:
        world.stop()


def _run_real(options: argparse.Namespace, looks: Looks) -> int:
    from pvccore.operations.config import choose_cluster, known_clusters
    from pvctui.app import Console
    from pvctui.clusters import KnownCluster

    name, address = choose_cluster(options.cluster, config=options.config)
    known = known_clusters(options.config) if name else {}
    clusters = [
        KnownCluster(name=one, where=known[one].where, way=partial(_way, known[one], one, read_only=options.read_only))
        for one in sorted(known)
    ]
    requests = _way(address, name, read_only=options.read_only)
    return _show(options, Console(requests, looks=looks, clusters=clusters, cluster=name))


def _way(address: ZooKeeperAddress, name: str, *, read_only: bool) -> Requests:
    """A new way to a cluster; it connects when it is started."""
    from pvctui.bridge import LiveFeed, Opened
    from pvctui.requests import Requests

    def open_store() -> Opened:
        from pvccore.operations.connecting import connect

        store = connect(address, limit_s=CONNECT_LIMIT_S, must_exist=False)
        return Opened(store=store, schema=address.schema, where=address.where)

    return Requests(feed=LiveFeed(open_store, name=name), who=_who(), read_only=read_only)


def _who() -> str:
    from pvccore.operations.config import who_asks

    return who_asks()


def _show(options: argparse.Namespace, app: Console) -> int:
    """In the terminal, or as one frame where there is none."""
    in_browser = "TEXTUAL_DRIVER" in os.environ
    sys.setswitchinterval(LONGEST_TURN_S)
    if options.screenshot is None and (in_browser or (sys.stdin.isatty() and sys.stdout.isatty())):
        app.run()
        return app.return_code or 0
    return _draw(options, app)


def _draw(options: argparse.Namespace, app: Console) -> int:
    from pvctui.headless import Take, draw

    take = Take(size=options.size, press=options.press, settle_s=options.after)
    text = draw(app, take, options.screenshot)
    if options.screenshot is None:
        sys.stdout.write(text + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
