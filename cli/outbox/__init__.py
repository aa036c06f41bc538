"""`laurel outbox …`."""

from __future__ import annotations

import typer

from cli.outbox import checking, keeping, looking, mending

outbox = typer.Typer(no_args_is_help=True, help="Inspect and mend the outbox.")


@outbox.callback()
def _outbox() -> None:
    """Inspect and mend the outbox."""


outbox.command("status")(looking.show_status)
outbox.command("tail")(looking.tail)
outbox.command("check")(checking.check)
outbox.command("parked")(looking.show_parked)
outbox.command("requeue")(mending.requeue_key)
outbox.command("skip")(mending.skip_event)
outbox.command("retention")(keeping.retention)
outbox.command("replay")(keeping.replay)
outbox.command("rebase")(mending.rebase)
