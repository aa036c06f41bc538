"""What members change of themselves, how they leave, and what they take with them."""

from typing import Any

from pydantic import Field, model_validator

from schemas.admin.fields import Command, omitted
from schemas.common import Answered, UtcTime
from schemas.customer import BirthDate, Email, Name, NewPassword, Password


class ProfilePatch(Command):
    """Fields left out stay as they are. A new email or password asks for the present password as well."""

    name: Name = Field(default_factory=omitted)
    birth_date: BirthDate = Field(default_factory=omitted, description="told once; staff correct it afterwards")
    email: Email = Field(default_factory=omitted)
    new_password: NewPassword = Field(default_factory=omitted, description="ends every session, this one too")
    password: Password = Field(default_factory=omitted, description="the present one")

    @model_validator(mode="after")
    def _proven(self) -> "ProfilePatch":
        if self.model_fields_set & {"email", "new_password"} and "password" not in self.model_fields_set:
            raise ValueError("give the present password to change the email or the password")
        return self


class Leaving(Command):
    """The password proves that it is the member who leaves."""

    password: Password


Row = dict[str, Any]


class PersonalExport(Answered):
    """All that is held of a member. Amounts are in minor units of their currency, points in whole points."""

    exported_at: UtcTime
    member: Row = Field(description="who the member is, and the wallet")
    transactions: list[Row] = Field(description="purchases, what each earned and why")
    refunds: list[Row]
    custom_events: list[Row]
    redemptions: list[Row]
    journal: list[Row] = Field(description="journal entries with their postings")
    lots: list[Row] = Field(description="points by when they were earned and expire, and what was drawn of each")
    transfers: list[Row]
    referrals: list[Row] = Field(description="who brought the member, and whom the member brought")
    tier_changes: list[Row]
    tier_standing: list[Row]
    qualifying_months: list[Row]
    rule_usage: list[Row]
    sessions: list[Row]
    changes: list[Row] = Field(description="what the audit log has of the member")
    requests: list[Row] = Field(description="answers kept for retries, for two days")
