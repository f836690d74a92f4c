"""The control API: arms faults, moves the clock, changes money and limits, shows the journal."""

from typing import Annotated, Any

from fastapi import APIRouter, HTTPException, Query
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic.alias_generators import to_camel

from local.genlook import customers, generations
from local.genlook.faults import CallFault, Fate
from local.genlook.settings import Quirks
from local.genlook.store import Account, State


class Command(BaseModel):
    """A body of the control API."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, extra="forbid")


class Advance(Command):
    """How much time passes at once."""

    seconds: float = Field(ge=0, le=10 * 365 * 86_400)


class AccountChange(Command):
    """New values for an account; what is None stays."""

    credits: int | None = Field(default=None, ge=0)
    requests_per_minute: int | None = Field(default=None, ge=0)
    active: bool | None = None


class KeyChange(Command):
    """A key and the account it opens (made if it is new)."""

    key: str = Field(min_length=1)
    account: str = "account-1"


Filter = Annotated[str | None, Query()]


def router(state: State) -> APIRouter:
    """Return all routes of the control API."""
    routes = APIRouter()
    _add_faults(routes, state)
    _add_accounts(routes, state)
    _add_clock(routes, state)
    _add_journal(routes, state)
    _add_holdings(routes, state)
    return routes


def _add_faults(routes: APIRouter, state: State) -> None:
    @routes.post("/faults")
    async def arm(fault: CallFault) -> dict[str, Any]:
        state.faults.calls.append(fault)
        return _faults(state)

    @routes.post("/fates")
    async def arm_fate(fate: Fate) -> dict[str, Any]:
        state.faults.fates.append(fate)
        return _faults(state)

    @routes.get("/faults")
    async def armed() -> dict[str, Any]:
        return _faults(state)

    @routes.delete("/faults")
    async def disarm() -> dict[str, Any]:
        state.faults.clear()
        return _faults(state)

    @routes.patch("/quirks")
    async def change_quirks(change: dict[str, Any]) -> dict[str, Any]:
        merged = state.quirks.model_dump(by_alias=True) | change
        try:
            state.quirks = Quirks.model_validate(merged)
        except ValidationError as error:
            raise HTTPException(422, "unknown or wrong quirk") from error
        return state.quirks.model_dump(by_alias=True)


def _add_accounts(routes: APIRouter, state: State) -> None:
    @routes.get("/accounts/{name}")
    async def account(name: str) -> dict[str, Any]:
        return _account(state, _named(state, name))

    @routes.patch("/accounts/{name}")
    async def change(name: str, change: AccountChange) -> dict[str, Any]:
        account = _named(state, name)
        account.credits = account.credits if change.credits is None else change.credits
        account.active = account.active if change.active is None else change.active
        if change.requests_per_minute is not None:
            account.rate.limit = change.requests_per_minute
        return _account(state, account)

    @routes.post("/keys")
    async def add_key(change: KeyChange) -> dict[str, Any]:
        state.add_key(change.key, change.account)
        return {"keys": len(state.keys)}

    @routes.delete("/keys/{key}")
    async def revoke(key: str) -> dict[str, Any]:
        state.keys.pop(key, None)
        return {"keys": len(state.keys)}


def _add_clock(routes: APIRouter, state: State) -> None:
    @routes.get("/clock")
    async def clock() -> dict[str, float]:
        return {"now": state.clock.now()}

    @routes.post("/clock")
    async def advance(step: Advance) -> dict[str, float]:
        now = state.clock.advance(step.seconds)
        generations.settle(state)
        return {"now": now}


def _add_journal(routes: APIRouter, state: State) -> None:
    @routes.get("/journal")
    async def journal(operation: Filter = None, after: int = 0) -> dict[str, Any]:
        generations.settle(state)
        calls = [
            call.to_json()
            for call in state.journal.calls
            if call.number > after and operation in {None, call.operation}
        ]
        return {
            "calls": calls,
            "creditsSpent": state.journal.credits_spent,
            "charges": state.journal.charges,
            "refunds": state.journal.refunds,
        }

    @routes.delete("/journal")
    async def clear_journal() -> dict[str, Any]:
        state.journal.clear()
        return {"calls": []}


def _add_holdings(routes: APIRouter, state: State) -> None:
    @routes.get("/customers/{customer_id:path}")
    async def customer(customer_id: str) -> dict[str, Any]:
        generations.settle(state)
        generations.prune(state)
        return customers.dump(state, customer_id)

    @routes.post("/reset")
    async def reset() -> dict[str, Any]:
        state.reset()
        return _store(state)

    @routes.get("/store")
    async def store() -> dict[str, Any]:
        generations.settle(state)
        generations.prune(state)
        return _store(state)


def _faults(state: State) -> dict[str, Any]:
    return {
        "calls": [fault.model_dump(by_alias=True) for fault in state.faults.calls],
        "fates": [fate.model_dump(by_alias=True) for fate in state.faults.fates],
    }


def _named(state: State, name: str) -> Account:
    if name not in state.accounts:
        raise HTTPException(404, "no such account")
    return state.accounts[name]


def _account(state: State, account: Account) -> dict[str, Any]:
    return {
        "name": account.name,
        "credits": account.credits,
        "requestsPerMinute": account.rate.limit,
        "requestsLastMinute": account.rate.used(state.clock.now()),
        "active": account.active,
    }


def _store(state: State) -> dict[str, Any]:
    rows = list(state.generations.values())
    return {
        "photos": len(state.photos),
        "products": len(state.products),
        "generations": len(rows),
        "snapshots": sum(row.person_image is not None for row in rows),
        "results": sum(generations.has_result(state, row) for row in rows),
    }
