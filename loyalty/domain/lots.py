"""Points leave a wallet soonest-expiry first: lots that never expire last, ties by the older lot (the lower id)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from loyalty.errors import Conflict, having

_NEVER = datetime.max.replace(tzinfo=UTC)


class InsufficientPoints(Conflict):
    """There are fewer points than are to be spent."""

    code = "insufficient_points"
    members = having(points_missing=int)

    def __init__(self, points_missing: int) -> None:
        self.points_missing = points_missing
        super().__init__(points_missing=points_missing)


@dataclass(frozen=True, slots=True)
class Lot:
    """Points earned together that expire together; `remaining` of them are unspent."""

    lot_id: int
    remaining: int
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class LotDraw:
    """`points` taken out of a lot; negative ones are given back to it. Never 0."""

    lot_id: int
    points: int


def unexpired(lots: Iterable[Lot], at: datetime) -> list[Lot]:
    """The lots that can be spent at `at`: a lot expires at the instant it names, not after it."""
    return [lot for lot in lots if lot.expires_at is None or lot.expires_at > at]


def consume(lots: Sequence[Lot], points: int) -> list[LotDraw]:
    """Which lots `points` come out of, in the order they are drawn.

    Raises InsufficientPoints (nothing is drawn then) and ValueError for a negative number of points.
    """
    if points < 0:
        raise ValueError(f"cannot draw {points} points")
    draws: list[LotDraw] = []
    missing = points
    for lot in sorted(lots, key=_spending_order):
        drawn = min(lot.remaining, missing)
        if drawn > 0:
            draws.append(LotDraw(lot.lot_id, drawn))
            missing -= drawn
    if missing:
        raise InsufficientPoints(missing)
    return draws


def drain(lots: Iterable[Lot]) -> list[LotDraw]:
    """All that is left in the lots."""
    return [LotDraw(lot.lot_id, lot.remaining) for lot in lots if lot.remaining]


def after(lots: Iterable[Lot], draws: Iterable[LotDraw]) -> list[Lot]:
    """The lots when the points were drawn; draws on other lots are not theirs."""
    drawn = {draw.lot_id: draw.points for draw in draws}
    return [replace(lot, remaining=lot.remaining - drawn.get(lot.lot_id, 0)) for lot in lots]


def _spending_order(lot: Lot) -> tuple[datetime, int]:
    return (lot.expires_at or _NEVER, lot.lot_id)
