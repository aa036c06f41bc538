"""`laurel receipt`: signs receipts as a merchant's own systems would, and gives a shop the key to do so.

A key file holds a private JWK with `merchant_id` beside it. It is written for its owner alone, whole or not at all, and
never printed.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import time
from pathlib import Path
from typing import Annotated, Any, NoReturn
from uuid import UUID

import typer
from pydantic import ValidationError

from loyalty.clock import system_clock
from loyalty.errors import LaurelError
from loyalty.services.auditing import Actor
from loyalty.services.merchants import ensure_merchant
from loyalty.services.receipts import sign_receipt
from loyalty.services.signing_keys import add_key
from loyalty.store import signing_keys
from loyalty.store.database import DATABASE_FAILED, Connection, open_pool, transaction
from schemas.admin.merchants import NewMerchant
from schemas.admin.signing_keys import NewSigningKey
from schemas.receipts import ReceiptClaims

SHOP = NewMerchant(name="Laurel Market", external_id="laurel-market")
FILE_MODE = 0o600
FAILURES: tuple[type[BaseException], ...] = (LaurelError, OSError, ValueError, *DATABASE_FAILED)

KeyFile = Annotated[Path, typer.Option("--key-file", envvar="LAUREL_SHOP_SIGNING_KEY_FILE", help="The private key.")]
DatabaseUrl = Annotated[str, typer.Option(envvar="LAUREL_DATABASE_URL", help="PostgreSQL.")]

receipt = typer.Typer(no_args_is_help=True, help="Sign receipts, and give a shop the key to do so.")


@receipt.command()
def sign(
    key_file: KeyFile,
    purchase: Annotated[
        str, typer.Argument(help="A JSON file of the purchase as the member will claim it; - is stdin.")
    ],
    valid_minutes: Annotated[int, typer.Option(min=1, max=527_040, help="How long it may be claimed.")] = 1_440,
) -> None:
    """Print the receipt of a purchase: what a shop hands to its customer."""
    try:
        key = json.loads(key_file.read_text())
        said = json.loads(sys.stdin.read() if purchase == "-" else Path(purchase).read_text())
        said = {"merchant_id": key.get("merchant_id"), **said, "exp": int(time.time()) + valid_minutes * 60}
        typer.echo(sign_receipt(key, ReceiptClaims.model_validate_json(json.dumps(said))))
    except ValidationError as error:
        wrong = "; ".join(f"{'/'.join(map(str, one['loc']))}: {one['msg']}" for one in error.errors())
        _fail("sign", f"this is not a purchase: {wrong}")
    except (OSError, ValueError, KeyError) as error:
        _fail("sign", str(error))


@receipt.command()
def shop(
    key_file: KeyFile,
    database_url: DatabaseUrl,
    as_json: Annotated[bool, typer.Option("--json", help="Print an object.")] = False,
) -> None:
    """Make the demo's shop, the merchant Laurel Market, with a signing key in a file. Safe to run again."""
    try:
        merchant_id, made = asyncio.run(_ensure_shop(database_url, key_file))
    except FAILURES as error:
        _fail("shop", str(error) or type(error).__name__)
    if as_json:
        typer.echo(json.dumps({"merchant_id": str(merchant_id), "key_file": str(key_file), "made": made}))
    else:
        typer.echo(f"{SHOP.name} ({merchant_id}) {'has a new key' if made else 'has its key'} in {key_file}")


async def _ensure_shop(database_url: str, key_file: Path) -> tuple[UUID, bool]:
    """The shop's merchant id, and whether a key was made: one was missing, revoked, or of another database."""
    actor, kid = Actor("operator", "laurel receipt shop"), await asyncio.to_thread(_kid_in, key_file)
    async with await open_pool(database_url, size=1, name="laurel receipt") as pool, transaction(pool) as conn:
        merchant = await ensure_merchant(conn, SHOP, actor, system_clock)
        if await _is_valid(conn, kid, merchant.merchant_id):
            return merchant.merchant_id, False
        made = await add_key(conn, merchant.merchant_id, NewSigningKey(), actor, system_clock)
        assert made.private_key is not None, "no public key was given, so both halves were made"
        _write(key_file, {**made.private_key, "merchant_id": str(merchant.merchant_id)})
    return merchant.merchant_id, True


async def _is_valid(conn: Connection, kid: UUID | None, merchant_id: UUID) -> bool:
    key = await signing_keys.find(conn, kid) if kid else None
    return key is not None and key.merchant_id == merchant_id and key.revoked_at is None


def _kid_in(key_file: Path) -> UUID | None:
    try:
        return UUID(json.loads(key_file.read_text())["kid"])
    except (FileNotFoundError, ValueError, KeyError, TypeError):
        return None


def _write(key_file: Path, key: dict[str, Any]) -> None:
    draft = key_file.with_name(f".{key_file.name}.{os.getpid()}")
    try:
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, FILE_MODE), "w") as file:
            json.dump(key, file)
        draft.replace(key_file)
    finally:
        draft.unlink(missing_ok=True)


def _fail(command: str, reason: str) -> NoReturn:
    typer.echo(f"laurel receipt {command}: {reason}", err=True)
    raise typer.Exit(1)
