"""Stands between one function and one server: passes each call on, or kills who makes it.

The function is told the relay's address in place of the server's, by its configuration; nothing
in its code knows.
"""

import http.client
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

from local.crash.calls import Call
from local.crash.watch import Watch, When
from local.crash.workers import UnknownCaller, Workers
from local.engine.environment import HOST

# Longer than the worker itself waits for anything.
_SECONDS = 120
_HOP_BY_HOP = {"connection", "keep-alive", "transfer-encoding", "content-length", "expect"}

Read = Callable[[str, str, Mapping[str, str], bytes], Call]


class ResponseLost(Exception):
    """The server ended the connection without an answer; the caller shall see the same."""


@dataclass(frozen=True)
class Answer:
    """What the server said; `missing` if its body ended before its published end."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes
    published: int
    missing: bool = False


@dataclass(frozen=True)
class Route:
    """From which handler a relay's calls come, to which server they go, how they are read."""

    handler: str
    upstream: str  # scheme, host and port
    read: Read
    # Whether calls share a connection. The paid call must not meet one that is closed by now; for
    # all others thousands of closed ones would make every look at the open ones slow.
    reused: bool = False


class _Upstream:
    """A connection to the server, kept for the next call where the route allows it."""

    def __init__(self, route: Route) -> None:
        self._route = route
        self._connection: http.client.HTTPConnection | None = None

    def ask(self, method: str, path: str, headers: Mapping[str, str], body: bytes) -> Answer:
        """Send a request and return the answer."""
        if self._connection is not None:
            with suppress(
                ResponseLost
            ):  # it was idle, and is closed by now: AWS calls may go twice
                return self._ask(self._connection, method, path, headers, body)
        self._connection = http.client.HTTPConnection(
            urlsplit(self._route.upstream).netloc, timeout=_SECONDS
        )
        answer = self._ask(self._connection, method, path, headers, body)
        if not self._route.reused:
            self.close()
        return answer

    def close(self) -> None:
        """End the connection."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _ask(
        self,
        connection: http.client.HTTPConnection,
        method: str,
        path: str,
        headers: Mapping[str, str],
        body: bytes,
    ) -> Answer:
        try:
            connection.request(method, path, body, dict(headers))
            answer = connection.getresponse()
            kept = [(k, v) for k, v in answer.getheaders() if k.lower() not in _HOP_BY_HOP]
            published = int(answer.headers.get("content-length") or 0)
            content = answer.read()
        except http.client.IncompleteRead as cut:
            self.close()
            return Answer(answer.status, kept, cut.partial, published, missing=True)
        except (http.client.HTTPException, OSError) as error:
            self.close()
            raise ResponseLost from error
        length = published if method == "HEAD" else len(content)
        return Answer(answer.status, kept, content, length)


class _Relay(BaseHTTPRequestHandler):
    """One connection of a worker; a subclass is made for each route."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    route: Route
    watch: Watch
    workers: Workers
    pid = 0

    def setup(self) -> None:
        """Begin."""
        super().setup()
        self._upstream = _Upstream(self.route)

    def finish(self) -> None:
        """End."""
        self._upstream.close()
        super().finish()

    def relay(self) -> None:
        """Pass one call on, unless its caller is to die."""
        body = self._body()
        headers = {name.lower(): value for name, value in self.headers.items()}
        call = self.route.read(self.command, self.path, headers, body)
        try:
            self.pid = self.pid or self.workers.at(self.client_address[1], self._own_port())
        except UnknownCaller:
            self.close_connection = True  # it died before its call was read
            return
        seen = self.watch.arrived(self.route.handler, self.pid, call)
        if seen.killed is When.BEFORE:
            self.workers.kill(self.pid)
            self.close_connection = True
            return
        answer = self._ask(headers, body)
        seen.status = answer.status if answer else None
        if seen.killed:
            self.workers.kill(self.pid)
        if seen.killed or answer is None:
            self.close_connection = True
        else:
            self._say(answer)

    def _ask(self, headers: Mapping[str, str], body: bytes) -> Answer | None:
        passed = {name: value for name, value in headers.items() if name not in _HOP_BY_HOP}
        try:
            return self._upstream.ask(self.command, self.path, passed, body)
        except ResponseLost:
            return None

    def _own_port(self) -> int:
        port: int = self.connection.getsockname()[1]
        return port

    def _body(self) -> bytes:
        if self.headers.get("transfer-encoding"):
            # boto3 and the client say how long each body is; what does not could not be passed on.
            raise ValueError("a request does not say how long its body is")
        return self.rfile.read(int(self.headers.get("content-length") or 0))

    def _say(self, answer: Answer) -> None:
        # What the server says of its own address has to lead back here, as behind any proxy:
        # links of pictures are followed only to the API's own origin.
        here = f"http://{HOST}:{self._own_port()}".encode()
        body, length = answer.body, answer.published
        if "json" in dict(answer.headers).get("content-type", ""):
            body = body.replace(self.route.upstream.encode(), here)
            length += len(body) - len(answer.body)
        self.send_response_only(answer.status)
        for name, value in answer.headers:
            self.send_header(name, value)
        self.send_header("content-length", str(length))
        self.end_headers()
        self.wfile.write(body)
        self.close_connection = self.close_connection or answer.missing

    def log_message(self, *_: object) -> None:
        """Say nothing: what matters is in the watch."""


# The names under which http.server looks for a method's handler.
for _method in ("GET", "PUT", "POST", "DELETE", "HEAD"):
    setattr(_Relay, f"do_{_method}", _Relay.relay)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, request: object, client_address: object) -> None:
        """Pass over a connection that broke: its worker was killed."""


@contextmanager
def relaying(route: Route, watch: Watch, workers: Workers) -> Iterator[str]:
    """Relay for the `with` block; gives the origin to use in place of the server's."""
    handler = type("Relay", (_Relay,), {"route": route, "watch": watch, "workers": workers})
    with _Server((HOST, 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.1,), daemon=True)
        thread.start()
        try:
            yield f"http://{HOST}:{server.server_address[1]}"
        finally:
            server.shutdown()
            thread.join()
