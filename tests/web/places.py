"""The pages of the Admin Web. What stands in braces is an id that the fixture `known` gives."""

from __future__ import annotations

PLACES = {
    "overview": "/",
    "reports": "/reports",
    "members": "/members",
    "member": "/members/{member}",
    "member-timeline": "/members/{member}?tab=timeline",
    "member-profile": "/members/{member}?tab=profile",
    "transactions": "/transactions",
    "transaction": "/transactions/{transaction}",
    "redemptions": "/redemptions",
    "referrals": "/referrals",
    "member-referrals": "/members/{member}?tab=referrals",
    "rules": "/rules",
    "rule": "/rules/{rule}",
    "rule-new": "/rules/new",
    "rule-edit": "/rules/{rule}/edit",
    "replays": "/replays",
    "replay-new": "/replays/new",
    "rewards": "/rewards",
    "reward": "/rewards/{reward}",
    "reward-new": "/rewards/new",
    "tiers": "/tiers",
    "pipeline": "/pipeline",
    "merchants": "/merchants",
    "merchant": "/merchants/{merchant}",
    "webhooks": "/webhooks",
    "webhook": "/webhooks/{webhook}",
    "transfer": "/transfer",
    "audit": "/audit",
    "admins": "/admins",
    "program": "/program",
    "nobody": "/members?search=nobody-is-called-this",
}

SHOWN_AS = "<b>Zoë</b> 🦊 <img src=x onerror=alert(1)>"
"""What the member of these pages is called: markup and an emoji, to be shown as text."""
