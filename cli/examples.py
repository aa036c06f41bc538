"""Examples for `--help`, by command: what people type most, each with what it is for."""

from __future__ import annotations

from typing import NamedTuple


class Example(NamedTuple):
    """A command line and what it does."""

    line: str
    purpose: str


EXAMPLES: dict[str, tuple[Example, ...]] = {
    "run": (
        Example("laurel run", "10,000 purchases, then stay up until Ctrl-C"),
        Example("laurel run --once --baskets 2000 --json summary.json", "a short run that ends by itself"),
    ),
    "stack up": (
        Example("laurel stack up", "until Ctrl-C"),
        Example("laurel stack up --detach --json", "in the background; print the addresses"),
        Example("LAUREL_DATABASE_URL=postgresql://… laurel stack up", "with your own PostgreSQL"),
    ),
    "web": (
        Example("LAUREL_CUSTOMER_WEB_PORT=3101 laurel web customer", "built first, if its sources have changed"),
        Example("laurel web admin --build-only", "print the folder of the build"),
    ),
    "stack down": (Example("laurel stack down", "stop what runs on .laurel"),),
    "stack status": (Example("laurel stack status --json", "for scripts; exit status 0 up, 1 degraded, 3 down"),),
    "migrate": (
        Example("laurel migrate --dry-run", "what would be applied"),
        Example("laurel migrate", "apply it"),
    ),
    "admin ensure": (Example("laurel admin ensure", "the administrator of LAUREL_ADMIN_EMAIL and _PASSWORD"),),
    "admin set-password": (
        Example("laurel admin set-password --email ada@example.com", "the new one from standard input"),
    ),
    "schemas": (
        Example("laurel schemas", "write the committed contracts anew"),
        Example("laurel schemas --check", "fail when they are not what the code says"),
    ),
    "topics": (Example("laurel topics --bootstrap 127.0.0.1:9092", "before the first relay and worker"),),
    "customer-api": (Example("LAUREL_API_WORKERS=2 laurel customer-api", "two processes on one port"),),
    "admin-api": (Example("LAUREL_ADMIN_API_PORT=9000 laurel admin-api", "on another port"),),
    "relay": (
        Example("laurel relay", "settings from LAUREL_ variables"),
        Example("laurel relay --metrics-port 0", "a second one, standing by, on a free port"),
        Example("laurel relay --accept-repartition", "once, after the topics got more partitions"),
    ),
    "worker": (Example("LAUREL_WORKER_HEALTH_PORT=8113 laurel worker", "a second worker on this host"),),
    "outbox status": (Example("laurel outbox status --json", "for scripts and alerts"),),
    "outbox tail": (
        Example("laurel outbox tail --topic points.earned --lines 20", "the last twenty of a type"),
        Example("laurel outbox tail --follow --json", "every event from now on, an object a line"),
    ),
    "outbox check": (
        Example("laurel outbox check", "before the first relay, and when one does not publish"),
        Example("laurel outbox check --json", "exit status 1 when anything is missing"),
    ),
    "outbox parked": (Example("laurel outbox parked", "the keys that wait, and why"),),
    "outbox requeue": (
        Example(
            "laurel outbox requeue transaction.recorded 01a20442-0435-7248-959c-fdab83b78174",
            "after the cause is mended",
        ),
    ),
    "outbox skip": (
        Example(
            "laurel outbox skip transaction.recorded 01a20442-0435-7248-959c-fdab83b78174 --dry-run",
            "which event would be left out",
        ),
        Example("laurel outbox skip transaction.recorded 01a20442-0435-7248-959c-fdab83b78174", "drop its first event"),
    ),
    "outbox retention": (
        Example("laurel outbox retention --dry-run", "which partitions would go"),
        Example("laurel outbox retention --retention-days 7", "now, and shorter than the relay would"),
    ),
    "outbox replay": (
        Example(
            "laurel outbox replay --topic points.earned --from 2026-11-22T15:00Z --to 2026-11-22T16:00Z --dry-run",
            "how many events of an hour",
        ),
        Example("laurel outbox replay --key 01a20442-0435-7248-959c-fdab83b78174", "all that is stored of a member"),
        Example("laurel outbox replay --all --rate 20000", "the whole log, faster"),
    ),
    "outbox rebase": (
        Example("laurel outbox rebase --dry-run", "what a rebase would do"),
        Example("laurel outbox rebase --yes --json", "in a script, without a question"),
    ),
    "ledger verify": (
        Example("laurel ledger verify --json", "exit status 1 when anything is wrong"),
        Example("laurel ledger verify --noted 81744:9f86d08…", "the chain still goes through what you noted down"),
    ),
    "ledger export": (
        Example("laurel ledger export ledger.ndjson", "then, anywhere: python3 tools/verify_ledger.py ledger.ndjson"),
    ),
    "ledger seal": (Example("laurel ledger seal --json", "before an export: the chain covers all entries"),),
    "report liability": (Example("laurel report liability --json", "for the general ledger's nightly import"),),
    "report rollforward": (
        Example("laurel report rollforward --from 2026-10-01 --to 2026-10-31", "a month's close"),
        Example("laurel report rollforward --from 2026-10-01 --to 2026-10-31 --csv > october.csv", "for a sheet"),
    ),
    "report expiry": (Example("laurel report expiry --csv", "points by the month in which they expire"),),
    "report rates": (Example("laurel report rates --from 2026-01-01", "redemption rate and breakage, this year"),),
    "report cohorts": (Example("laurel report cohorts --csv > cohorts.csv", "by the month of joining"),),
    "rules lint": (
        Example("laurel rules lint summer.json", "before it goes to the API"),
        Example("laurel rules lint --json - < summer.json", "in a pipeline; exit status 1 when anything is wrong"),
    ),
    "rules verify": (Example("laurel rules verify --json", "exit status 1 when an award is not what its rules give"),),
    "rules replay": (Example("laurel rules replay summer.json", "what these rules would have given so far"),),
    "rules run-replays": (Example("laurel rules run-replays", "what POST /earning-rules/replays asked for"),),
    "receipt sign": (
        Example("laurel receipt sign --key-file shop.json purchase.json", "print the receipt of a purchase"),
        Example("laurel receipt sign --key-file shop.json --valid-minutes 60 -", "of one on standard input"),
    ),
    "receipt shop": (
        Example(
            "laurel receipt shop --key-file .laurel/shop-signing-key.json", "the merchant Laurel Market and its key"
        ),
        Example("laurel receipt shop --key-file shop.json --json", "for scripts"),
    ),
    "replay": (
        Example("laurel replay --baskets 5000", "the oldest 5,000 baskets"),
        Example("laurel replay --all --json all.json", "all 155,848, with the summary in a file"),
    ),
}


def epilog(name: str) -> str | None:
    """The examples of a command, as the last paragraphs of its help; None without any."""
    examples = EXAMPLES.get(name)
    if not examples:
        return None
    return "Examples:\n\n" + "\n\n".join(f"{example.line}   ({example.purpose})" for example in examples)
