"""Points that were spent or held come back to the lots they came from.

What the member owes is paid first, with the points that expire soonest. Points of a lot that has expired meanwhile go
back to it and expire at once, or live on in a new lot for some days, as the program says.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from loyalty.domain.lots import Lot, LotDraw, consume, unexpired


@dataclass(frozen=True, slots=True)
class Taken:
    """`points` that were drawn from a lot; the lot as it is now."""

    lot: Lot
    points: int


@dataclass(frozen=True, slots=True)
class Return:
    """Where the points go: `paid` to what is owed, `draws` back into lots, `renewed` into a new one.

    `lapsed` are the lots, with what came back to them, that have expired.
    """

    paid: int
    draws: tuple[LotDraw, ...]
    renewed: int
    lapsed: tuple[Lot, ...]


def plan_return(taken: Sequence[Taken], owed: int, at: datetime, *, renew_expired: bool) -> Return:
    """Every point that was taken goes somewhere, none twice."""
    coming = [replace(one.lot, remaining=one.points) for one in taken]
    paid = min(owed, sum(lot.remaining for lot in coming))
    spent = {draw.lot_id: draw.points for draw in consume(coming, paid)}
    left = [replace(lot, remaining=lot.remaining - spent.get(lot.lot_id, 0)) for lot in coming]
    back = [lot for lot in left if lot.remaining]
    living = unexpired(back, at)
    lapsed = [lot for lot in back if lot not in living]
    returned = living if renew_expired else back
    return Return(
        paid=paid,
        draws=tuple(LotDraw(lot.lot_id, -lot.remaining) for lot in returned),
        renewed=sum(lot.remaining for lot in lapsed) if renew_expired else 0,
        lapsed=() if renew_expired else tuple(lapsed),
    )
