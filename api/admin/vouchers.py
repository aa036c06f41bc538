"""/rewards/{reward_id}/vouchers: codes that a reward hands out, as a list in JSON or from a file as it arrives."""

from collections.abc import Mapping, Sequence

from api.admin.calls import actor_of
from api.admin.table import read, tagged
from api.admin.uploads import CSV, NDJSON, media_type_of, take_lines, whole_body
from api.kit.bodies import validated
from api.kit.errors import MalformedRequest, UnsupportedMediaType
from api.kit.lines import Record, csv_records
from api.kit.routes import OPERATOR, Answer, Call, Database, Download, Route
from loyalty.errors import Invalid, LaurelError
from loyalty.services import vouchers
from loyalty.services.vouchers import CodesGenerated
from loyalty.store.settling import VoucherUpload
from schemas.admin.rewards import NewVouchers, UploadedVoucher, VoucherLine, Vouchers, VoucherSummary

JSON = "application/json"
COLUMNS = ("code",)
LINES_AT_ONCE = 1_000


class VoucherFile:
    """One list on its way in."""

    def __init__(self, call: Call[None, None], upload: VoucherUpload) -> None:
        self._call = call
        self._upload = upload

    async def take(self, records: Sequence[Record]) -> list[UploadedVoucher]:
        """Adds the codes of a batch that the reward does not have."""
        lines = {number: _understood(record) for number, record in records}
        async with self._call.transaction() as conn:
            return await vouchers.upload_lines(conn, self._upload, lines, actor_of(self._call))

    def summary(self, counts: Mapping[str, int], detail: str | None) -> VoucherSummary:
        return VoucherSummary(
            complete=detail is None,
            upload_id=self._upload.upload_id,
            lines=sum(counts.values()),
            added=counts["added"],
            known=counts["known"],
            repeated=counts["repeated"],
            refused=counts["refused"],
            detail=detail,
        )


async def upload_vouchers(call: Call[None, None]) -> Answer | Download:
    reward_id, deps = call.path["reward_id"], call.deps
    match media_type_of(call):
        case "application/json":
            command = await whole_body(call, NewVouchers)
            async with call.transaction() as conn:
                added = await vouchers.upload_vouchers(
                    conn, reward_id, command, actor_of(call), deps.clock, deps.new_id
                )
            return Answer(200, added)
        case "text/csv":
            async with call.lent() as conn:
                upload = await vouchers.begin_upload(conn, reward_id, deps.clock, deps.new_id)
            file, records = VoucherFile(call, upload), csv_records(call.chunks, COLUMNS, _values)
            return Download(take_lines(call, records, file.take, file.summary, LINES_AT_ONCE), NDJSON)
    raise UnsupportedMediaType(f"Send the codes as {JSON}, or a file as {CSV}.")


async def get_vouchers(call: Call[None, None]) -> Answer:
    return Answer(200, await vouchers.view_vouchers(call.conn, call.path["reward_id"]))


def _values(cells: dict[str, str]) -> dict[str, object]:
    return {name: cell.strip() for name, cell in cells.items()}


def _understood(record: bytes | MalformedRequest) -> VoucherLine | LaurelError:
    if isinstance(record, MalformedRequest):
        return record
    try:
        return validated(VoucherLine, record)
    except Invalid as error:
        return error


ROUTES = tagged(
    "Rewards",
    read("/rewards/{reward_id}/vouchers", get_vouchers, "Count a reward's voucher codes", Vouchers),
    Route(
        method="POST",
        path="/rewards/{reward_id}/vouchers",
        handler=upload_vouchers,
        summary="Add voucher codes that a reward hands out",
        description="Codes in JSON, or a file as CSV with the column `code`, of any length, read as it arrives. A file "
        "is answered by a result for every line and a summary at the end; codes that the reward had before or that the "
        "file has twice are named. After an interruption send the same file again: nothing is twice.",
        access=OPERATOR,
        body=NewVouchers,
        takes_lines=(CSV,),
        answers={200: Vouchers},
        line=UploadedVoucher,
        problems=(CodesGenerated,),
        database=Database.NONE,
    ),
)
