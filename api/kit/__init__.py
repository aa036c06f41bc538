"""What both APIs are made of: routes as a table, problems, idempotency, pages, tokens, rate limits, push.

An API is an `Api` value (see `routes`): its routes are the one source of routing, access, validation, idempotency, rate
limits and the OpenAPI document. `app.build_app` makes the server of it. A request flows
`endpoint` → handler → loyalty.services; only `endpoint` opens transactions.
"""
