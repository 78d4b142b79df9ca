"""`pvcapid`: the HTTP API of one cluster, as a program."""

from __future__ import annotations

import argparse
import logging
import socket
import sys
import time
from collections.abc import Callable
from pathlib import Path

import uvicorn

from pvcapi.app import Limits, build_app
from pvcapi.config import ApiConfig, BadConfig
from pvcapi.deadline import DeadlineProtocol
from pvcapi.heads import Heads
from pvcapi.link import Link, Source
from pvccore.operations.tokens import TokenFile
from pvccore.operations.version import ShowVersion
from pvccore.state.upgrade import check_schema
from pvccore.state.zookeeper import ZooKeeperStore

BAD_CONFIG = 2
CONNECT_LIMIT_S = 2.0
STREAMS_END_WITHIN_S = 3
BACKLOG = 512
IDLE_S = 30
FORMAT = "%(levelname)s %(name)s: %(message)s"


def main() -> None:
    """Run `pvcapid`; exit 2 for a bad configuration."""
    options = _parser().parse_args()
    try:
        config = ApiConfig(options.config)
    except BadConfig as error:
        sys.stderr.write(f"pvcapid: {error}\n")
        sys.exit(BAD_CONFIG)
    if options.check_config:
        print(f"{options.config}: fine")  # noqa: T201 - what was asked for
        return
    logging.basicConfig(format=FORMAT, level=config.file.log_level.upper(), stream=sys.stderr)
    serve(config)


def serve(config: ApiConfig) -> None:
    """Answer requests until a signal; whether or not ZooKeeper is there."""
    store = ZooKeeperStore(config.address, clock=time.monotonic)
    link = Link(store, config.address.schema, enter=_way_in(store), clock=time.monotonic)
    link.start()
    try:
        server(config, link).run()
    finally:
        link.stop()
        store.close()


def server(config: ApiConfig, source: Source) -> uvicorn.Server:
    """The HTTP server; it listens once it is run."""
    file = config.file
    app = build_app(
        source,
        TokenFile(Path(file.tokens_file)),
        host=socket.gethostname().partition(".")[0],
        limits=Limits(
            max_body_bytes=file.max_body_kb * 1024,
            requests_per_minute=file.requests_per_minute,
            streams=file.streams,
            public_metrics=file.public_metrics,
        ),
        allow_paths=file.allow_paths,
    )
    settings = uvicorn.Config(
        Heads(app),
        http=DeadlineProtocol,
        host=config.host,
        port=config.port,
        ssl_certfile=file.certificate or None,
        ssl_keyfile=file.key or None,
        log_config=None,
        access_log=file.log_level == "debug",
        server_header=False,
        backlog=BACKLOG,
        timeout_keep_alive=IDLE_S,
        timeout_graceful_shutdown=STREAMS_END_WITHIN_S,
        proxy_headers=False,
        lifespan="on",
    )
    return uvicorn.Server(settings)


def _way_in(store: ZooKeeperStore) -> Callable[[], None]:
    def enter() -> None:
        store.connect(CONNECT_LIMIT_S)
        check_schema(store, store.address.schema, store.address.where)

    return enter


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="pvcapid", description="The HTTP API of a PVC cluster.")
    parser.add_argument("--config", type=Path, required=True, metavar="FILE", help="pvcapid.toml")
    parser.add_argument("--check-config", action="store_true", help="only say whether the configuration is fine")
    parser.add_argument("--version", action=ShowVersion)
    return parser


if __name__ == "__main__":
    main()
