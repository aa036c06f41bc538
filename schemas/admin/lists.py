"""What every list of the Admin API takes."""

from typing import Literal

from pydantic import Field

from schemas.common import PageQuery


class ListQuery(PageQuery):
    """Which part of a list, and as what. As text/csv it is the whole list from the cursor on, whatever the limit."""

    format: Literal["json", "csv"] | None = Field(
        None, description="csv: the whole list as a file; left out, the Accept header says"
    )
