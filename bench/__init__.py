"""Measurements. Each module is a script: `python -m bench.<name>` prints one JSON object a line (see bench.common)."""
