"""What loyalty is: pure values and functions. No I/O, no clock and no randomness come in here; they are passed in."""
