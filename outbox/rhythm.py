"""When to look at the log again: at a poke, or after a pause.

Nothing depends on pokes. But as long as they announce what is written, silence is believed, and the pauses grow to
`trusted_pause_seconds`. Rows that nobody announced, found after a long pause, end that until a poke announces some
again: so who writes without poking waits that long once, and longest_pause_seconds after it.
"""

from __future__ import annotations

import asyncio
from enum import Enum

from outbox.settings import RelaySettings

PAUSE_GROWTH = 1.5


class Woken(Enum):
    """By what a rest was ended."""

    BY_POKE = "poke"
    BY_ALARM = "alarm"


class Rhythm:
    """The pauses between two looks."""

    def __init__(self, settings: RelaySettings, wake: asyncio.Event) -> None:
        self._settings = settings
        self._wake = wake
        self._pause_seconds = settings.shortest_pause_seconds
        self._woken = Woken.BY_ALARM
        self._trusts_pokes = False

    @property
    def longest_pause_seconds(self) -> float:
        """How long a row may lie there that no poke announces."""
        settings = self._settings
        if not self._trusts_pokes:
            return settings.longest_pause_seconds
        return max(settings.longest_pause_seconds, min(settings.trusted_pause_seconds, settings.leadership_seconds / 6))

    async def rest(self, *, found_rows: bool, in_flight: bool = False) -> None:
        """Wait for a poke, or for a while that grows as long as nothing is found; not for long with rows in flight."""
        if found_rows:
            self._learn()
            self._pause_seconds = self._settings.shortest_pause_seconds
        longest = self._settings.longest_pause_seconds if in_flight else self.longest_pause_seconds
        self._woken = await self._wait(min(self._pause_seconds, longest))
        self._pause_seconds = min(self._pause_seconds * PAUSE_GROWTH, self.longest_pause_seconds)

    def _learn(self) -> None:
        if self._woken is Woken.BY_POKE:
            self._trusts_pokes = True
        elif self._pause_seconds >= self._settings.longest_pause_seconds:
            self._trusts_pokes = False

    async def _wait(self, seconds: float) -> Woken:
        woken = Woken.BY_POKE

        def ring() -> None:
            nonlocal woken
            if not self._wake.is_set():
                woken = Woken.BY_ALARM
                self._wake.set()

        alarm = asyncio.get_running_loop().call_later(seconds, ring)
        try:
            await self._wake.wait()
        finally:
            alarm.cancel()
        self._wake.clear()
        return woken
