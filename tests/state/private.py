"""A ZooKeeper that is spoken to in private: an authority of our own, and what a server's configuration needs."""

from __future__ import annotations

import subprocess
from pathlib import Path


def make_certificates(folder: Path) -> None:
    """A certification authority of our own, and a key with its certificate for a server and for a client."""
    authority = ["-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=our authority"]
    _openssl("req", *authority, "-keyout", f"{folder}/ca.key", "-out", f"{folder}/ca.pem")
    (folder / "names").write_text("subjectAltName=IP:127.0.0.1,DNS:localhost\n")
    for name in ("server", "client"):
        wish = ["-newkey", "rsa:2048", "-nodes", "-subj", f"/CN={name}", "-keyout", f"{folder}/{name}.key"]
        _openssl("req", *wish, "-out", f"{folder}/{name}.csr")
        signed = ["-CA", f"{folder}/ca.pem", "-CAkey", f"{folder}/ca.key", "-CAcreateserial", "-days", "2"]
        names = ["-extfile", f"{folder}/names", "-in", f"{folder}/{name}.csr", "-out", f"{folder}/{name}.pem"]
        _openssl("x509", "-req", *signed, *names)
    (folder / "server-both.pem").write_text((folder / "server.key").read_text() + (folder / "server.pem").read_text())


def private_settings(port: int, certificates: Path) -> list[str]:
    """What lets a server speak TLS at `port`, with clients of our authority only."""
    return [
        f"secureClientPort={port}",
        "serverCnxnFactory=org.apache.zookeeper.server.NettyServerCnxnFactory",
        f"ssl.keyStore.location={certificates}/server-both.pem",
        "ssl.keyStore.type=PEM",
        f"ssl.trustStore.location={certificates}/ca.pem",
        "ssl.trustStore.type=PEM",
        "ssl.clientAuth=need",
    ]


def _openssl(*words: str) -> None:
    subprocess.run(["openssl", *words], check=True, capture_output=True, timeout=60)
