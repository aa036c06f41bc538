"""`laurel outbox status`, `parked` and `tail`: commands that change nothing."""

from __future__ import annotations

import dataclasses
from typing import Annotated, Any

import typer

from cli import relay_options as options
from cli.outbox.telling import age_text, bytes_text, run, tell, time_text, to_json, with_connection
from outbox import OutboxStatus, status
from outbox.parking import ParkedKey, list_parked
from outbox.partitions import Partition, list_partitions
from outbox.replay import list_replays
from outbox.tail import SeenEvent, follow, last_events

OnlyTopic = Annotated[str | None, typer.Option("--topic", help="Only events of this type.")]
OnlyKey = Annotated[str | None, typer.Option("--key", help="Only events of this key.")]
Lines = Annotated[int, typer.Option("--lines", "-n", min=0, max=10_000, help="How many of the last events.")]
Follow = Annotated[bool, typer.Option("--follow", "-f", help="Go on with those that come, until Ctrl-C.")]

PAYLOAD_CHARACTERS = 100


def show_status(database_url: options.DatabaseUrl, as_json: options.AsJson = False) -> None:
    """Say what waits, how long already, who leads, what is parked, and how large the log is."""
    found, partitions, replays = run("outbox status", with_connection(database_url, _read_status))
    used = [partition for partition in partitions if partition.first_id is not None]
    told = {
        **dataclasses.asdict(found),
        "partitions": used,
        "empty_partitions": len(partitions) - len(used),
        "replays": replays,
    }
    tell(told, lambda: "\n".join([*_say(found), *_say_log(partitions, used)]), as_json)


async def _read_status(connection: Any) -> tuple[OutboxStatus, list[Partition], list[dict[str, Any]]]:
    return await status(connection), await list_partitions(connection), await list_replays(connection)


def show_parked(database_url: options.DatabaseUrl, as_json: options.AsJson = False) -> None:
    """List the keys that wait because Kafka refused an event of theirs, oldest first."""
    keys = run("outbox parked", with_connection(database_url, list_parked))
    tell(keys, lambda: "\n".join(map(_say_parked, keys)) or "none", as_json)


def tail(
    database_url: options.DatabaseUrl,
    topic: OnlyTopic = None,
    key: OnlyKey = None,
    lines: Lines = 10,
    follow_on: Follow = False,
    as_json: options.AsJson = False,
) -> None:
    """Show the last events of the log, and whether they are published."""
    say = to_json if as_json else _say_event

    def show(event: SeenEvent) -> None:
        try:
            typer.echo(say(_readable(event)))
        except BrokenPipeError:  # `| head` has seen enough
            raise typer.Exit from None

    async def read(connection: Any) -> None:
        if not follow_on:
            for event in await last_events(connection, lines, topic, key):
                show(event)
            return
        async for event in follow(connection, lines, topic, key):
            show(event)

    run("outbox tail", with_connection(database_url, read))


def _readable(event: SeenEvent) -> dict[str, Any]:
    return {**dataclasses.asdict(event), "payload": event.payload.decode(errors="replace")}


def _say_event(event: dict[str, Any]) -> str:
    payload = event["payload"]
    shown = payload if len(payload) <= PAYLOAD_CHARACTERS else payload[:PAYLOAD_CHARACTERS] + "…"
    return f"{event['id']} {time_text(event['created_at'])} {event['state']:<9} {event['topic']} {event['key']} {shown}"


def _say(found: OutboxStatus) -> list[str]:
    leader = found.leader
    age = found.oldest_unpublished_age_seconds
    lines = {
        "waiting": f"{found.backlog_rows} events" + (f", the oldest for {age_text(age)}" if age is not None else ""),
        "published": f"{found.published_rows} events, last at {found.rows_per_second:.0f} a second",
        "leader": f"{leader.application} (pid {leader.pid}) since {time_text(leader.since)}" if leader else "none",
        "checkpoint": time_text(found.checkpoint_at) if found.checkpoint_at else "none",
        "parked": f"{found.parked_keys} keys, {found.parked_rows} events",
    }
    return [f"{name:<11} {value}" for name, value in lines.items()]


def _say_log(partitions: list[Partition], used: list[Partition]) -> list[str]:
    size = bytes_text(sum(partition.bytes for partition in partitions))
    lines = [f"{'log':<11} {size} in {len(used)} partitions, {len(partitions) - len(used)} more are empty"]
    for partition in used:
        assert partition.oldest_at is not None
        lines.append(
            f"{'':<11} {partition.name}: {bytes_text(partition.bytes)}, ids {partition.first_id} to "
            f"{partition.last_id}, oldest of {time_text(partition.oldest_at)}"
        )
    return lines


def _say_parked(key: ParkedKey) -> str:
    asked = f", {key.requested} asked for" if key.requested else ""
    return f"{key.topic} {key.key}: {key.waiting_rows} events from {key.outbox_id} on, {key.error}{asked}"
