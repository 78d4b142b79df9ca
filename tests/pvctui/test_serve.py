"""The console in a real browser, and who may open it."""

import asyncio
import base64
import contextlib
import json
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import pytest

from pvccore.model.errors import Invalid
from pvctui.__main__ import main
from pvctui.serve import check_host, is_own
from tests.pvctui.terminal import CONTROL

LIMIT_S = 60.0
BINARY = 2
ALL_ADDRESSES = "0.0.0.0"  # noqa: S104 - refused
BROWSER = [
    "chromium",
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
    "--window-size=1600,900",
]


def test_only_this_machine_is_served_unless_told() -> None:
    for host in ("127.0.0.1", "127.3.2.1", "::1", "localhost"):
        check_host(host, anybody=False)
    for host in (ALL_ADDRESSES, "10.0.0.1", "ops1.example.org"):
        with pytest.raises(Invalid, match="--anybody"):
            check_host(host, anybody=False)
        check_host(host, anybody=True)


def test_a_page_of_another_site_is_not_our_own() -> None:
    assert is_own("localhost", "127.0.0.1")
    assert is_own("10.0.0.1", "10.0.0.1")
    assert not is_own("evil.example.org", "127.0.0.1")
    assert not is_own("", "127.0.0.1")
    assert not is_own("127.0.0.1", "10.0.0.1")


def test_another_address_is_refused_by_the_program(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["serve", "--host", ALL_ADDRESSES]) == 1
    assert "others could reach it" in capsys.readouterr().err


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port: int = one.getsockname()[1]
        return port


@contextlib.contextmanager
def _running(words: list[str]) -> Iterator[None]:
    program = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        yield
    finally:
        program.terminate()
        try:
            program.wait(LIMIT_S)
        except subprocess.TimeoutExpired:
            program.kill()
            program.wait(LIMIT_S)


class Page:
    """One page of the browser, spoken to by its debugging protocol; the terminal in it is a canvas without text.

    seen: what the page was told to paint since the last key.
    """

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._socket = socket
        self._number = 0
        self._seen = bytearray()

    async def call(self, method: str, **parameters: object) -> object:
        self._number += 1
        await self._socket.send_json({"id": self._number, "method": method, "params": parameters})
        while True:
            answer = json.loads((await self._socket.receive(LIMIT_S)).data)
            if answer.get("method") == "Network.webSocketFrameReceived":
                frame = answer["params"]["response"]
                binary = frame["opcode"] == BINARY
                self._seen += base64.b64decode(frame["payloadData"]) if binary else frame["payloadData"].encode()
            elif answer.get("id") == self._number:
                return answer["result"].get("result", {}).get("value")

    async def value_of(self, expression: str) -> object:
        return await self.call("Runtime.evaluate", expression=expression, returnByValue=True)

    async def press(self, key: str) -> None:
        self._seen.clear()
        await self.call("Input.dispatchKeyEvent", type="keyDown", key=key, text=key)
        await self.call("Input.dispatchKeyEvent", type="keyUp", key=key)

    async def until(self, words: str) -> None:
        ends_at_s = time.monotonic() + LIMIT_S
        while words not in (text := CONTROL.sub(b"", bytes(self._seen)).decode("utf-8", "replace")):
            assert time.monotonic() < ends_at_s, f"{words!r} did not come:\n{text}"
            await asyncio.sleep(0.2)
            await self.value_of("0")


async def _answer(client: aiohttp.ClientSession, url: str) -> str:
    ends_at_s = time.monotonic() + LIMIT_S
    while True:
        try:
            async with client.get(url) as response:
                return await response.text()
        except aiohttp.ClientConnectionError:
            assert time.monotonic() < ends_at_s, f"nothing answers at {url}"
            await asyncio.sleep(0.1)


@asynccontextmanager
async def _page(url: str, port: int) -> AsyncIterator[Page]:
    async with aiohttp.ClientSession() as client:
        await _answer(client, url)
        await _answer(client, f"http://127.0.0.1:{port}/json/version")
        async with client.put(f"http://127.0.0.1:{port}/json/new?about:blank") as opened:
            target = await opened.json()
        async with client.ws_connect(target["webSocketDebuggerUrl"], max_msg_size=0) as connected:
            page = Page(connected)
            await page.call("Network.enable")
            await page.call("Page.navigate", url=url)
            yield page


@pytest.mark.web
async def test_a_browser_shows_the_vms_and_a_key_works(tmp_path: Path) -> None:
    port, debugging = _free_port(), _free_port()
    serve = [sys.executable, "-m", "pvctui", "serve", "--port", str(port), "--demo", "--nodes", "3", "--vms", "6"]
    browser = [*BROWSER, f"--user-data-dir={tmp_path}", f"--remote-debugging-port={debugging}", "about:blank"]
    with _running(serve), _running(browser):
        async with _page(f"http://127.0.0.1:{port}/", debugging) as page:
            await page.until("● live")
            assert await page.value_of("document.querySelectorAll('#terminal canvas').length")
            await page.value_of("document.querySelector('#terminal textarea').focus()")
            await page.press("3")
            await page.until("STATUS")
            await page.until("running")
            await page.press("2")
            await page.until("READINESS")


@pytest.mark.web
async def test_a_page_of_another_site_may_not_open_the_console() -> None:
    port = _free_port()
    with _running([sys.executable, "-m", "pvctui", "serve", "--port", str(port), "--demo"]):
        async with aiohttp.ClientSession() as client:
            await _answer(client, f"http://127.0.0.1:{port}/")
            with pytest.raises(aiohttp.WSServerHandshakeError, match="403"):
                await client.ws_connect(f"http://127.0.0.1:{port}/ws", headers={"Origin": "http://evil.example.org"})
