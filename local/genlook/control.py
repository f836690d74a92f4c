"""A typed helper around the control API, for tests and the demo."""

from ssl import PROTOCOL_TLS_CLIENT, SSLContext
from types import TracebackType
from typing import Any, Self
from urllib.parse import quote

import httpx

from local.genlook.faults import CallFault, Fate

# The service speaks plain HTTP on loopback. Certificates would take 24 ms to load for each client.
NO_CERTIFICATES = SSLContext(PROTOCOL_TLS_CLIENT)


class Control:
    """Arms faults, moves the clock, reads the journal of a running stand-in.

    >>> control = Control("http://127.0.0.1:8080/_control")  # doctest: +SKIP
    >>> control.lose_answer("try_on")  # doctest: +SKIP
    """

    def __init__(self, url: str) -> None:
        self._http = httpx.Client(base_url=url, timeout=30, trust_env=False, verify=NO_CERTIFICATES)

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close the connection."""
        self.close()

    def close(self) -> None:
        """Close the connection."""
        self._http.close()

    def arm(self, fault: CallFault) -> None:
        """Make calls go wrong."""
        self._send("POST", "/faults", fault.model_dump(by_alias=True))

    def refuse(
        self,
        operation: str,
        status: int,
        code: str = "SIMULATED",
        *,
        times: int | None = 1,
        headers: dict[str, str] | None = None,
    ) -> None:
        """Refuse calls before they take effect, with the API's error body."""
        self.arm(
            CallFault(
                operation=operation, status=status, code=code, times=times, headers=headers or {}
            )
        )

    def lose_answer(self, operation: str, *, times: int | None = 1, reset: bool = False) -> None:
        """Carry calls out, then end the connection without an answer."""
        self.arm(
            CallFault(operation=operation, kind="lose", when="after", times=times, reset=reset)
        )

    def lose_call(self, operation: str, *, times: int | None = 1, reset: bool = False) -> None:
        """End the connection before calls take effect."""
        self.arm(CallFault(operation=operation, kind="lose", times=times, reset=reset))

    def delay(self, operation: str, seconds: float, *, times: int | None = 1) -> None:
        """Carry calls out, but answer only after some real seconds."""
        self.arm(
            CallFault(
                operation=operation, kind="delay", when="after", delay_seconds=seconds, times=times
            )
        )

    def throttle(
        self, operation: str = "*", *, times: int | None = 1, retry_after: str | None = None
    ) -> None:
        """Answer 429, with or without a Retry-After of seconds or a date."""
        headers = {"Retry-After": retry_after} if retry_after is not None else {}
        self.refuse(operation, 429, "RATE_LIMITED", times=times, headers=headers)

    def decide(self, fate: Fate) -> None:
        """Decide how the next generations end."""
        self._send("POST", "/fates", fate.model_dump(by_alias=True))

    def disarm(self) -> None:
        """Let everything go right again."""
        self._send("DELETE", "/faults")

    def set_quirks(self, **quirks: Any) -> None:
        """Change undocumented behaviours, by the names of `Quirks` in camelCase."""
        self._send("PATCH", "/quirks", quirks)

    def advance(self, seconds: float) -> float:
        """Let time pass at once; return the new moment."""
        return float(self._send("POST", "/clock", {"seconds": seconds})["now"])

    def now(self) -> float:
        """Return the stand-in's time."""
        return float(self._send("GET", "/clock")["now"])

    def set_account(self, name: str = "account-1", **values: Any) -> None:
        """Change `credits`, `requestsPerMinute` or `active` of an account."""
        self._send("PATCH", f"/accounts/{quote(name, safe='')}", values)

    def account(self, name: str = "account-1") -> dict[str, Any]:
        """Return an account's credits, limit and use."""
        return self._send("GET", f"/accounts/{quote(name, safe='')}")

    def add_key(self, key: str, account: str = "account-1") -> None:
        """Let a key open an account, which is made if it is new."""
        self._send("POST", "/keys", {"key": key, "account": account})

    def revoke_key(self, key: str) -> None:
        """Let a key open nothing any more."""
        self._send("DELETE", f"/keys/{quote(key, safe='')}")

    def calls(self, operation: str | None = None) -> list[dict[str, Any]]:
        """Return the journal's entries, oldest first."""
        return list(self._journal(operation)["calls"])

    def credits_spent(self) -> int:
        """Return the credits taken and not given back."""
        return int(self._journal("none")["creditsSpent"])

    def charges(self) -> int:
        """Return the credits ever taken, also those given back."""
        return int(self._journal("none")["charges"])

    def clear_journal(self) -> None:
        """Forget the calls so far."""
        self._send("DELETE", "/journal")

    def customer(self, customer_id: str) -> dict[str, Any]:
        """Return all that is held under a shopper's id: lists of ids, and their counts."""
        return self._send("GET", f"/customers/{quote(customer_id, safe='')}")

    def reset(self) -> None:
        """Forget everything but the settings and the time."""
        self._send("POST", "/reset")

    def store(self) -> dict[str, Any]:
        """Return how much of everything is held."""
        return self._send("GET", "/store")

    def _journal(self, operation: str | None) -> dict[str, Any]:
        suffix = f"?operation={quote(operation)}" if operation else ""
        return self._send("GET", f"/journal{suffix}")

    def _send(self, method: str, path: str, body: Any = None) -> dict[str, Any]:
        response = self._http.request(method, path, json=body)
        response.raise_for_status()
        data: dict[str, Any] = response.json()
        return data
