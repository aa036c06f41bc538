"""The program's settings, as far as the rules need them."""

from dataclasses import dataclass, field
from enum import StrEnum
from zoneinfo import ZoneInfo

from loyalty.domain.terms import PointsTerms


class Rounding(StrEnum):
    """How an award becomes a whole number: once, after everything was multiplied."""

    DOWN = "down"
    HALF_UP = "half_up"
    UP = "up"


@dataclass(frozen=True, slots=True)
class ProgramSettings:
    """The currency is the program's own (liability is told in it); time_zone is an IANA name, e.g. "Europe/London"."""

    currency: str = "GBP"
    time_zone: str = "UTC"
    rounding: Rounding = Rounding.DOWN
    terms: PointsTerms = field(default_factory=PointsTerms)

    @property
    def zone(self) -> ZoneInfo:
        """Raises zoneinfo.ZoneInfoNotFoundError for a name that is no time zone."""
        return ZoneInfo(self.time_zone)
