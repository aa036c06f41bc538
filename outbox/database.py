"""What a database that is away looks like."""

import asyncpg

DATABASE_ERRORS = (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError)
"""Away, restarted, or not yet migrated: it is waited for, with a new session.

An InternalClientError is what a statement meets on a session that ended while another one was being cancelled.
"""
