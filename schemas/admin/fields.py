"""What the Admin API's models share."""

from typing import Annotated, Any

from pydantic import Field, StringConstraints

from schemas.common import Requested
from schemas.patterns import described

ShortText = Annotated[str, StringConstraints(min_length=1, max_length=200, strip_whitespace=True)]
LongText = Annotated[str, StringConstraints(max_length=2_000, strip_whitespace=True)]
EXTERNAL_ID_LIMIT = 200
ExternalId = Annotated[str, StringConstraints(min_length=1, max_length=EXTERNAL_ID_LIMIT)]
Reason = Annotated[str, StringConstraints(min_length=1, max_length=500, strip_whitespace=True)]
Code = Annotated[
    str,
    StringConstraints(
        pattern=described(r"^[a-z0-9_-]{1,40}$", "1 to 40 small letters, digits, - or _, such as spring-sale")
    ),
]
POINTS_LIMIT = 1_000_000_000_000
"""No single command moves or names more points than this: sums of them stay far inside a 64-bit integer."""

Points = Annotated[int, Field(ge=0, le=POINTS_LIMIT)]
PositivePoints = Annotated[int, Field(ge=1, le=POINTS_LIMIT)]


class Command(Requested):
    """The body of a request that changes something."""

    def given(self) -> dict[str, Any]:
        """The fields that the client sent, as values."""
        return {name: getattr(self, name) for name in self.model_fields_set}


def omitted() -> Any:
    """The default of a field that a PATCH may leave out. It is never read: look at `given()`."""
    return None
