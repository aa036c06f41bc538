"""What loyalty is: pure values and functions. No I/O, no clock and no randomness come in here; they are passed in."""

# First, because a receipt names rules and the rules make receipts: entered by any other door the circle does not close.
from loyalty.domain import rules as rules
