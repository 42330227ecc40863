"""An HTTPS proxy on loopback that leads every one of Apple's names to a demo Apple and refuses everything else.

For programs of another process, such as icloudpd: point HTTPS_PROXY at it and REQUESTS_CA_BUNDLE at the demo's CA.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from wizard.demo.apple.route import answers_to

_LONGEST_REQUEST = 8192


class DemoProxy:
    """A running proxy; `refused` keeps the hosts that were asked for in vain."""

    def __init__(self, target: str) -> None:
        self._host, _, port = target.rpartition(":")
        self._port = int(port)
        self.port = 0
        self.refused: list[str] = []

    @classmethod
    @asynccontextmanager
    async def open(cls, target: str, port: int = 0) -> AsyncIterator[DemoProxy]:
        """Serve until the block ends; `target` is the demo Apple's HOST:PORT."""
        proxy = cls(target)
        server = await asyncio.start_server(proxy._serve, "127.0.0.1", port, limit=_LONGEST_REQUEST)
        proxy.port = server.sockets[0].getsockname()[1]
        async with server:
            yield proxy

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            request = await reader.readuntil(b"\r\n\r\n")
            method, _, rest = request.decode("latin-1").partition(" ")
            host, _, port = rest.partition(" ")[0].rpartition(":")
            if method != "CONNECT" or port != "443" or not answers_to(host):
                self.refused.append(host)
                writer.write(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")
                await writer.drain()
                return
            apple_reader, apple_writer = await asyncio.open_connection(self._host, self._port)
            writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
            await asyncio.gather(_pump(reader, apple_writer), _pump(apple_reader, writer))
        except (OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            pass
        finally:
            await _close(writer)


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Carry one direction until it ends, then end the other side's as well."""
    try:
        while chunk := await reader.read(65536):
            writer.write(chunk)
            await writer.drain()
    except OSError:
        pass
    finally:
        await _close(writer)


async def _close(writer: asyncio.StreamWriter) -> None:
    writer.close()
    with suppress(OSError):
        await writer.wait_closed()
