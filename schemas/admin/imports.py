"""Purchases imported from a file, and what became of each line."""

from typing import Any, Literal
from uuid import UUID

from pydantic import ConfigDict, Field

from schemas.admin.fields import ExternalId
from schemas.admin.transactions import NewTransaction
from schemas.common import Answered, Requested


class ImportQuery(Requested):
    """Whose purchases, and whether to record them."""

    model_config = ConfigDict(strict=False)

    merchant_id: UUID | None = Field(None, description="whose purchases; a merchant's key need not say")
    dry_run: bool = Field(False, description="check every line as if it were recorded, and record none")


class ImportLine(NewTransaction):
    """A line: a purchase with the merchant's own id, by which it is known when the file is sent again."""

    external_id: ExternalId


class ImportedLine(Answered):
    """What became of a line. Lines are counted from 1, a CSV's header too."""

    line: int
    status: Literal["recorded", "already_recorded", "refused"]
    external_id: str | None = None
    transaction_id: UUID | None = Field(None, description="null for a line that was refused, and in a dry run")
    code: str | None = Field(None, description="why it was refused, as in a problem")
    detail: str | None = None
    errors: list[dict[str, Any]] | None = None


class ImportSummary(Answered):
    """The last line of an answer. Without it, or with `complete: false`, send the same file again: nothing is twice."""

    summary: Literal[True] = True
    complete: bool
    dry_run: bool
    lines: int
    recorded: int
    already_recorded: int
    refused: int
    detail: str | None = Field(None, description="why it ended early")


class ImportedBatch(Answered):
    """What the audit log keeps of some lines of a file."""

    merchant_id: UUID
    first_line: int
    last_line: int
    recorded: int
