"""The schema, as plain SQL migrations, and the one way to apply them."""
