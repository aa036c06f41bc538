"""The Admin API's routes: who may call each, what it takes and what it answers, beside the handlers of each noun.

A viewer reads; an operator also acts on members, rewards and redemptions; an admin does everything. A merchant's key
reaches only what names its scope.
"""

from api.admin import (
    administrators,
    custom_events,
    feed,
    imports,
    members,
    merchants,
    pipeline,
    program,
    referrals,
    replays,
    reports,
    rewards,
    rules,
    sessions,
    signing_keys,
    transactions,
    vouchers,
    webhooks,
)
from api.kit.routes import Route

ROUTES: tuple[Route, ...] = (
    *sessions.ROUTES,
    *members.ROUTES,
    *imports.ROUTES,
    *transactions.ROUTES,
    *replays.ROUTES,
    *rules.ROUTES,
    *custom_events.ROUTES,
    *referrals.ROUTES,
    *rewards.ROUTES,
    *vouchers.ROUTES,
    *merchants.ROUTES,
    *signing_keys.ROUTES,
    *program.ROUTES,
    *reports.ROUTES,
    *pipeline.ROUTES,
    *feed.ROUTES,
    *webhooks.ROUTES,
    *administrators.ROUTES,
)
