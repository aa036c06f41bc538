"""Ending the process at once, with a status, so that a supervisor starts it again.

Nothing is cleaned up on purpose: Faust's own way out of an error acknowledges what it had in hand.
"""

import logging
import os
import sys
from typing import NoReturn

import structlog

EXIT_BUG = 70
EXIT_CONSUMER_GROUP = 71
EXIT_LOOP_ENDED = 72
EXIT_TOO_MANY_DEAD_LETTERS = 78

log = structlog.get_logger()


def end_process(status: int, reason: str, error: BaseException | None = None) -> NoReturn:
    """Says why, and ends the process."""
    log.critical(reason, exit_status=status, exc_info=error)
    logging.shutdown()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)
