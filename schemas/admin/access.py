"""Administrators, their sessions, and the audit log."""

from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import EmailStr, Field, SecretStr

from schemas.admin.fields import Command, ShortText, omitted
from schemas.admin.lists import ListQuery
from schemas.common import Answered, Page, UtcTime
from schemas.customer import RequestedTime

Role = Literal["viewer", "operator", "admin"]
Password = Annotated[SecretStr, Field(min_length=12, max_length=200)]
PresentedPassword = Annotated[SecretStr, Field(min_length=1, max_length=200)]
RefreshToken = Annotated[SecretStr, Field(min_length=1, max_length=200)]


class Admin(Answered):
    """An administrator. viewer reads; operator also acts on members, rewards and redemptions; admin does everything."""

    admin_id: UUID
    email: str
    name: str
    role: Role
    active: bool
    created_at: UtcTime


class AdminPage(Page[Admin]):
    """Administrators, the newest first."""


class NewAdmin(Command):
    """Whom to make an administrator."""

    email: EmailStr
    name: ShortText
    role: Role
    password: Password


class AdminPatch(Command):
    """Fields left out stay as they are. A new password, role or `active: false` ends the administrator's sessions."""

    name: ShortText = Field(default_factory=omitted)
    role: Role = Field(default_factory=omitted)
    active: bool = Field(default_factory=omitted)
    password: Password = Field(default_factory=omitted)


class Login(Command):
    """Who signs in."""

    email: Annotated[str, Field(min_length=1, max_length=320)]
    password: PresentedPassword


class RefreshRequest(Command):
    """The refresh token of the session. It is good for one use."""

    refresh_token: RefreshToken


class Session(Answered):
    """The access token goes into `Authorization: Bearer`; the refresh token buys the next session, once."""

    access_token: str
    token_type: Literal["Bearer"] = Field("Bearer")
    expires_in: int = Field(description="seconds that the access token is valid")
    refresh_token: str
    admin: Admin


class AuditEntry(Answered):
    """A change: who made it, to what, what changed. `before` and `after` hold the fields that differ."""

    audit_id: UUID
    at: UtcTime
    actor_kind: Literal["admin", "merchant", "member", "operator", "system"]
    actor_id: str
    action: str = Field(examples=["member.adjusted"])
    subject_kind: str
    subject_id: str
    before: dict[str, Any] | None
    after: dict[str, Any] | None
    request_id: str | None
    address: str | None


class AuditPage(Page[AuditEntry]):
    """Changes, the last first."""


class AuditFilter(ListQuery):
    """Which changes."""

    actor_id: str | None = Field(None, max_length=200, description="only changes that this one made")
    subject_kind: str | None = Field(None, max_length=40, description="only of such things", examples=["member"])
    subject_id: str | None = Field(None, max_length=200, description="only changes of this one")
    action: str | None = Field(None, max_length=80, description="only such changes", examples=["member.adjusted"])
    actor_kind: Literal["admin", "merchant", "member", "operator", "system"] | None = Field(
        None, description="only changes made by such"
    )
    request_id: str | None = Field(None, max_length=200, description="only changes of this request")
    from_time: RequestedTime | None = Field(None, description="only changes from then on")
    to_time: RequestedTime | None = Field(None, description="only changes before then")
