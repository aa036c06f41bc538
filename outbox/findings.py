"""What a check found."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Finding:
    """`failed` keeps the relay from its work, `warning` costs something; `remedy` says what to do about it."""

    name: str
    outcome: Literal["ok", "warning", "failed"]
    detail: str
    remedy: str | None = None


def fine(name: str, detail: str) -> Finding:
    return Finding(name, "ok", detail)


def warning(name: str, detail: str, remedy: str) -> Finding:
    return Finding(name, "warning", detail, remedy)


def failed(name: str, detail: str, remedy: str) -> Finding:
    return Finding(name, "failed", detail, remedy)
