"""How many looks a generation the budget affords: what submits and other calls leave of it."""

from tryon_worker.shares import LOOKS_BEFORE_BULK, LOOKS_RESERVED
from tryon_worker.traffic import Traffic

# Planned use of the rate. The last few hundredths are kept: where all is in use, everybody queues.
_USED = 1.05

# The plan cannot do with less: a generation is looked at until it was seen to be over.
LEAST_LOOKS = 1.1

# Fewer submits a minute than this are as good as none.
_SOME = 0.5


def looks(traffic: Traffic, per_minute: float, *, bulk: bool = False) -> float:
    """Looks for a generation, out of ``per_minute`` requests; live ones come before bulk."""
    spare = _USED * per_minute - traffic.other - traffic.live - traffic.bulk
    if bulk:
        spare -= LOOKS_BEFORE_BULK * traffic.live
        return max(LEAST_LOOKS, spare / max(_SOME, traffic.bulk))
    spare -= LOOKS_RESERVED * traffic.bulk
    return max(LEAST_LOOKS, spare / max(_SOME, traffic.live))
