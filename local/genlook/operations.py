"""The endpoints by name: what the gate, the faults and the journal call an operation."""

from dataclasses import dataclass

from local.genlook.errors import method_not_allowed, not_found

BASE = "/tryon/v1"
ANY = "*"


@dataclass(frozen=True)
class Operation:
    """One endpoint; `*` in its path stands for one percent-encoded segment."""

    name: str
    method: str
    path: tuple[str, ...]

    def fits(self, segments: tuple[str, ...]) -> bool:
        """Say whether the raw segments of a path are this endpoint's."""
        return len(segments) == len(self.path) and all(
            wanted == given or (wanted == ANY and given != "")
            for wanted, given in zip(self.path, segments, strict=True)
        )


OPERATIONS = (
    Operation("upload", "POST", ("images", "upload")),
    Operation("try_on", "POST", ("try-on",)),
    Operation("try_on_sync", "POST", ("try-on", "sync")),
    Operation("generation", "GET", ("generations", ANY)),
    Operation("generations", "GET", ("generations",)),
    Operation("customer_delete", "DELETE", ("customers", ANY)),
    Operation("product_upsert", "POST", ("products",)),
    Operation("product_list", "GET", ("products",)),
    Operation("product_get", "GET", ("products", ANY)),
    Operation("product_delete", "DELETE", ("products", ANY)),
    Operation("credits", "GET", ("account", "credits")),
)
FILE = "file"
UNKNOWN = "unknown"
NAMES = frozenset({operation.name for operation in OPERATIONS} | {FILE})


def name_of(method: str, raw_path: str) -> str:
    """Return the operation's name for the journal; `unknown` if there is none."""
    if raw_path.startswith("/files/"):
        return FILE
    segments = tuple(raw_path.removeprefix(BASE).split("/")[1:])
    for operation in OPERATIONS:
        if operation.method == method and operation.fits(segments):
            return operation.name
    return UNKNOWN


def refuse_unknown(method: str, raw_path: str) -> None:
    """Raise 404 for a path that is no endpoint's, 405 for another method than its own.

    Paths are compared raw: an id with a slash that was not percent-encoded finds nothing.
    """
    segments = tuple(raw_path.removeprefix(BASE).split("/")[1:])
    methods = [operation.method for operation in OPERATIONS if operation.fits(segments)]
    if not methods:
        raise not_found()
    if method not in methods:
        raise method_not_allowed(methods)
