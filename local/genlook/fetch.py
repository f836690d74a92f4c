"""Pictures by URL: from folders that stand in for a host, from the network, or drawn."""

from pathlib import Path
from urllib.parse import unquote, urlsplit

import httpx

from local.genlook.drawings import drawing, drawing_for

TIMEOUT_SECONDS = 3.0
DRAWN = "https://shop.example/pictures/"
"""A shop that is always there: its pictures are drawn here, see `drawings.SHIRTS`."""
NEVER_THERE = (".example", ".invalid", ".test", "example.com", "example.org", "example.net")
"""Names reserved for documentation: nobody needs a lookup to know that they lead nowhere."""

UNREACHABLE = ".invalid"
"""The one reserved name that stays unreachable also where pictures are drawn."""


class FetchError(Exception):
    """The address gave no bytes."""


class Fetcher:
    """Downloads pictures as the real service would."""

    def __init__(
        self, resolve: dict[str, Path], *, network: bool, draw: bool, max_bytes: int
    ) -> None:
        self._resolve = resolve
        self._network = network
        self._draw = draw
        self._max_bytes = max_bytes

    async def fetch(self, url: str) -> bytes:
        """Return the bytes at `url`, or raise `FetchError`."""
        for prefix, folder in self._resolve.items():
            if url.startswith(prefix):
                return self._from_folder(folder, url[len(prefix) :])
        if drawn := drawing(url.removeprefix(DRAWN)):
            return drawn
        try:
            return await self._from_elsewhere(url)
        except FetchError:
            if not self._draw or (urlsplit(url).hostname or "").endswith(UNREACHABLE):
                raise
            return drawing_for(url)

    async def _from_elsewhere(self, url: str) -> bytes:
        host = urlsplit(url).hostname or ""
        if not self._network or host.endswith(NEVER_THERE):
            raise FetchError(f"{host} is not reachable")
        return await self._from_network(url)

    def _from_folder(self, folder: Path, rest: str) -> bytes:
        root = folder.resolve()
        path = (root / unquote(urlsplit(rest).path).lstrip("/")).resolve()
        if not path.is_relative_to(root) or not path.is_file():
            raise FetchError("404")
        return path.read_bytes()

    async def _from_network(self, url: str) -> bytes:
        timeout = httpx.Timeout(TIMEOUT_SECONDS)
        try:
            async with (
                httpx.AsyncClient(
                    timeout=timeout, follow_redirects=True, max_redirects=3
                ) as client,
                client.stream("GET", url) as response,
            ):
                response.raise_for_status()
                return await self._capped(response)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise FetchError(str(error)) from error

    async def _capped(self, response: httpx.Response) -> bytes:
        data = bytearray()
        async for chunk in response.aiter_bytes():
            data += chunk
            if len(data) > self._max_bytes:
                raise FetchError("too large")
        return bytes(data)
