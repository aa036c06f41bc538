"""The embedded default: real PostgreSQL, Valkey and Kafka from packages, and Laurel's processes, supervised.

`stack.control` is what other programs use: bring a stack up in the background, read its state, take it down.
"""
