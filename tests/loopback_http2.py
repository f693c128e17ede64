"""A real HTTP/2 server over TLS on loopback, for the tests of the polite client: it answers every request with JSON.

with Http2Source(server_context(folder)) as source:
    ...
    assert source.versions == {"h2"}; assert source.connections == 1
"""

from __future__ import annotations

import asyncio
import shutil
import ssl
import subprocess
import threading
from pathlib import Path
from types import TracebackType

import h2.config
import h2.connection
import h2.events
import pytest


def certificate(folder: Path) -> tuple[Path, Path]:
    """A certificate of localhost, made now, and its key. Skips where there is no openssl."""
    if shutil.which("openssl") is None:
        pytest.skip("makes a certificate with openssl, which is not here")
    cert, key = folder / "cert.pem", folder / "key.pem"
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-subj", "/CN=localhost"]
    files = ["-keyout", str(key), "-out", str(cert), "-addext", "subjectAltName=DNS:localhost"]
    subprocess.run(command + files, check=True, capture_output=True)
    return cert, key


def server_context(folder: Path, *, alpn: tuple[str, ...] = ("h2",)) -> ssl.SSLContext:
    cert, key = certificate(folder)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert, key)
    context.set_alpn_protocols(list(alpn))
    return context


class Http2Source:
    """Serves in a thread of its own; answers after ``delay_s`` with ``[<path>]``."""

    def __init__(self, tls: ssl.SSLContext, *, delay_s: float = 0.0) -> None:
        self._tls = tls
        self._delay_s = delay_s
        self.versions: set[str | None] = set()
        self.connections = 0
        self.paths: list[str] = []
        self.most_at_once = 0
        self._at_once = 0
        self.port = 0
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)

    @property
    def base_url(self) -> str:
        return f"https://localhost:{self.port}"

    def __enter__(self) -> Http2Source:
        self._thread.start()
        starting = asyncio.start_server(self._serve, "127.0.0.1", 0, ssl=self._tls)
        self._server = asyncio.run_coroutine_threadsafe(starting, self._loop).result(5)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        asyncio.run_coroutine_threadsafe(self._stop(), self._loop).result(5)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(5)
        self._loop.close()

    async def _stop(self) -> None:
        self._server.close()
        rest = asyncio.all_tasks() - {asyncio.current_task()}
        for task in rest:
            task.cancel()
        await asyncio.gather(*rest, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self.versions.add(writer.get_extra_info("ssl_object").selected_alpn_protocol())
        connection = h2.connection.H2Connection(h2.config.H2Configuration(client_side=False))
        connection.initiate_connection()
        writer.write(connection.data_to_send())
        answers: set[asyncio.Task[None]] = set()
        try:
            while data := await reader.read(65536):
                for event in connection.receive_data(data):
                    if isinstance(event, h2.events.RequestReceived):
                        answers.add(asyncio.create_task(self._answer(connection, writer, event)))
                writer.write(connection.data_to_send())
                await writer.drain()
        except (ConnectionError, asyncio.CancelledError):
            pass
        finally:
            writer.close()

    async def _answer(
        self, connection: h2.connection.H2Connection, writer: asyncio.StreamWriter, event: h2.events.RequestReceived
    ) -> None:
        headers = {bytes(name).decode(): bytes(value).decode() for name, value in event.headers or ()}
        self._at_once += 1
        self.most_at_once = max(self.most_at_once, self._at_once)
        await asyncio.sleep(self._delay_s)
        self._at_once -= 1
        self.paths.append(headers[":path"])
        body = f'["{headers[":path"]}"]'.encode()
        stream = event.stream_id
        assert stream is not None
        connection.send_headers(stream, [(":status", "200"), ("content-type", "application/json")])
        connection.send_data(stream, body, end_stream=True)
        writer.write(connection.data_to_send())
