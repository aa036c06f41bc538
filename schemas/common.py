"""What both APIs share: the problem, the page, and the types that requests and answers are made of."""

from typing import Annotated, Generic, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field

from schemas.events import CurrencyCode, DecimalString, UtcTime

__all__ = [
    "Answered",
    "CurrencyCode",
    "DecimalString",
    "Page",
    "PageQuery",
    "Points",
    "Problem",
    "Requested",
    "UtcTime",
]

Item = TypeVar("Item")

Points = Annotated[int, Field(description="whole points", examples=[1250])]


class Requested(BaseModel):
    """A request's body or query: types are not converted, and unknown fields are refused."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class Answered(BaseModel):
    """What an API answers with."""

    model_config = ConfigDict(frozen=True)


class FieldProblem(Answered):
    """One thing that is wrong with the request."""

    model_config = ConfigDict(frozen=True, json_schema_extra={"required": ["in", "pointer", "detail"]})

    where: Literal["body", "query", "header", "path"] = Field("body", alias="in")
    pointer: str = Field(
        description="JSON pointer (RFC 6901) into the part named by `in`", examples=["/items/2/amount"]
    )
    detail: str = Field(examples=["Input should be a valid string"])


class Problem(Answered):
    """A refusal (RFC 9457). `code` is stable; numbers that help are further members, such as `points_missing`."""

    model_config = ConfigDict(frozen=True, extra="allow")

    type: str = Field(description="where this code is explained", examples=["/docs#external_id_reused"])
    title: str = Field(description="the status in words", examples=["Conflict"])
    status: int = Field(ge=400, le=599, examples=[409])
    detail: str = Field(description="what went wrong, for a person to read")
    code: str = Field(description="what went wrong, for a program to act on", examples=["external_id_reused"])
    request_id: str = Field(description="name it when you ask for help")
    errors: list[FieldProblem] | None = Field(None, description="each thing wrong with the request")


class PageQuery(Requested):
    """Which part of a list. Lists are newest first; a cursor stays valid whatever is added meanwhile."""

    model_config = ConfigDict(strict=False)

    limit: int = Field(20, ge=1, le=100, description="how many at most")
    cursor: str | None = Field(None, min_length=1, max_length=300, description="`next_cursor` of the page before")


class Page(Answered, Generic[Item]):
    """One page of a list."""

    data: list[Item]
    next_cursor: str | None = Field(description="asks for the next page; null on the last one")
