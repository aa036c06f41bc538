"""What became of an attempt to handle some records. The loop matches these exhaustively."""

from dataclasses import dataclass

from loyalty.services.incoming import Handled


@dataclass(frozen=True, slots=True)
class Ack:
    """Their effect is committed."""

    handled: Handled


@dataclass(frozen=True, slots=True)
class Retry:
    """No fault of the records: the same attempt may succeed later."""

    error: BaseException


@dataclass(frozen=True, slots=True)
class Park:
    """Something is wrong with a record; of several, one of them. `final`: another attempt cannot help."""

    error: Exception
    final: bool


Outcome = Ack | Retry | Park
