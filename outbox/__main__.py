"""`python -m outbox schema`: the SQL of the tables, for the migrations of another project."""

from __future__ import annotations

import argparse
import sys

from outbox.schema import steps


def main(arguments: list[str]) -> int:
    """Print the steps of the schema; 2 when there is no such step."""
    parser = argparse.ArgumentParser(prog="python -m outbox", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    schema = commands.add_parser("schema", help="print the SQL of the outbox's tables, to be applied once")
    schema.add_argument("--after", metavar="STEP", help="only the steps that came after this one")
    schema.add_argument("--list", action="store_true", help="only their names")
    asked = parser.parse_args(arguments)
    try:
        found = steps(asked.after)
    except ValueError as error:
        print(f"python -m outbox schema: {error}", file=sys.stderr)
        return 2
    for step in found:
        print(step.name if asked.list else f"-- {step.name}\n\n{step.sql}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
