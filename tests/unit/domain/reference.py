"""The earning rules once more, written straight from the contract's five steps: slow, naive and on its own.

It reads the JSON of a case and uses nothing of loyalty.domain. Where it and Laurel differ, one of them is wrong.
"""

from collections.abc import Mapping
from datetime import datetime
from fractions import Fraction
from math import ceil, floor
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

Json = Mapping[str, Any]
DECIMALS = {"GBP": 2, "JPY": 0, "BHD": 3}


class Reference(NamedTuple):
    points: int
    shares: dict[str, int]
    unrounded: Fraction
    rounded: int


def reference_award(case: Json) -> Reference:
    rules = [rule for rule in precedence(case["rules"]) if applies(rule, case)]
    contributions: dict[str, Fraction] = {}
    for line in lines_of(case["purchase"]):
        for rule in claiming(rules, line):
            rate = Fraction(rule["effect"]["points"]) / Fraction(rule["effect"]["per"])
            contributions[rule["name"]] = contributions.get(rule["name"], Fraction(0)) + line["amount"] * rate
    for rule in stack([rule for rule in rules if is_fixed(rule, case)]):
        contributions[rule["name"]] = Fraction(rule["effect"]["points"])
    for rule in rules:
        if rule["name"] in contributions:
            contributions[rule["name"]] = capped(rule, contributions[rule["name"]])
    for rule in stack([rule for rule in rules if rule["effect"]["type"] == "multiplier"]):
        multiply(rule, contributions)
    tier = Fraction(case["member"]["tier_multiplier"])
    contributions = {name: points * tier for name, points in contributions.items()}
    unrounded = sum(contributions.values(), Fraction(0))
    rounded = rounding(unrounded, case["program"]["rounding"])
    order = [rule["name"] for rule in rules if rule["name"] in contributions]
    shares = hand_out(order, contributions, rounded)
    limited = {name: within_limits(name, shares[name], case) for name in order}
    given = {name: points for name, points in limited.items() if points}
    return Reference(sum(given.values()), given, unrounded, rounded)


def precedence(rules: list[Json]) -> list[Json]:
    """Higher priority first; sorting is stable, so the older rule stays before the younger."""
    return sorted(rules, key=lambda rule: -rule.get("priority", 0))


def stack(rules: list[Json]) -> list[Json]:
    if rules and not rules[0].get("stackable", True):
        return [rules[0]]
    return [rule for rule in rules if rule.get("stackable", True)]


def lines_of(purchase: Json) -> list[dict[str, Any]]:
    items = purchase.get("items") or [{"amount": purchase["amount"]}]
    return [{**item, "amount": Fraction(item["amount"])} for item in items]


def claiming(rules: list[Json], line: Json) -> list[Json]:
    for scope in ("sku", "category", "order"):
        matching = [
            rule
            for rule in rules
            if rule["effect"]["type"] == "points_per_amount" and scope_of(rule) == scope and in_scope(rule, line)
        ]
        if matching:
            return stack(matching)
    return []


def scope_of(rule: Json) -> str:
    return str(rule.get("scope", {"type": "order"})["type"])


def in_scope(rule: Json, line: Json) -> bool:
    kind, out = scope_of(rule), rule.get("scope", {}).get("except", {})
    if line.get("sku") in out.get("skus", []) or line.get("category") in out.get("categories", []):
        return False
    return kind == "order" or line.get(kind) in rule["scope"]["values"]


def is_fixed(rule: Json, case: Json) -> bool:
    return rule["effect"]["type"] == "fixed" and any(in_scope(rule, line) for line in lines_of(case["purchase"]))


def capped(rule: Json, points: Fraction) -> Fraction:
    most = rule.get("limits", {}).get("points_per_transaction")
    return points if most is None else min(points, Fraction(most))


def multiply(rule: Json, contributions: dict[str, Fraction]) -> None:
    factor = Fraction(rule["effect"]["factor"])
    if factor < 1:
        for name in contributions:
            contributions[name] *= factor
        contributions[rule["name"]] = Fraction(0)
    else:
        total = sum(contributions.values(), Fraction(0))
        contributions[rule["name"]] = capped(rule, total * factor - total)


def rounding(points: Fraction, how: str) -> int:
    if how == "up":
        return ceil(points)
    return floor(points + Fraction(1, 2)) if how == "half_up" else floor(points)


def hand_out(order: list[str], contributions: dict[str, Fraction], rounded: int) -> dict[str, int]:
    """One point at a time, to whoever is owed the most of one."""
    shares = {name: floor(contributions[name]) for name in order}
    owed = {name: contributions[name] - shares[name] for name in order}
    while sum(shares.values()) < rounded:
        most = max(owed.values())
        name = next(name for name in order if owed[name] == most)
        shares[name] += 1
        owed[name] -= 1
    return shares


def within_limits(name: str, share: int, case: Json) -> int:
    limits = next(rule for rule in case["rules"] if rule["name"] == name).get("limits", {})
    used = case.get("usage", {}).get(name, {})
    if limits.get("points_per_member"):
        share = min(share, max(0, limits["points_per_member"]["points"] - used.get("member", 0)))
    if limits.get("budget_points"):
        share = min(share, max(0, limits["budget_points"] - used.get("budget", 0)))
    return share


def applies(rule: Json, case: Json) -> bool:
    at = datetime.fromisoformat(case["purchase"]["occurred_at"])
    window = rule.get("window", {})
    if window.get("starts_at") and at < datetime.fromisoformat(window["starts_at"]):
        return False
    if window.get("ends_at") and at >= datetime.fromisoformat(window["ends_at"]):
        return False
    return all(condition_holds(condition, rule, case, at) for condition in rule.get("conditions", []))


def condition_holds(condition: Json, rule: Json, case: Json, at: datetime) -> bool:
    fact, value = fact_of(condition["field"], rule, case, at), condition["value"]
    if condition["field"] in ("amount", "scope_amount"):
        value = [Fraction(one) for one in value] if isinstance(value, list) else Fraction(value)
    match condition["op"]:
        case "eq":
            return bool(fact == value)
        case "ne":
            return bool(fact != value)
        case "in":
            return fact in value
        case "not_in":
            return fact not in value
        case "gte":
            return bool(fact >= value)
        case "multiple_of":
            return bool(fact % value == 0)
        case _:
            return bool(fact <= value)


def birthday_in(birth_date: str | None, year: int) -> tuple[int, int]:
    """Month and day; (0, 0) for who did not say."""
    if birth_date is None:
        return (0, 0)
    _, month, day = map(int, birth_date.split("-"))
    leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
    return (2, 28) if (month, day) == (2, 29) and not leap else (month, day)


def fact_of(field: str, rule: Json, case: Json, at: datetime) -> Any:
    zone = ZoneInfo(case["program"]["time_zone"])
    local, purchase, member = at.astimezone(zone), case["purchase"], case["member"]
    joined = datetime.fromisoformat(member["joined_at"]).astimezone(zone)
    return {
        "merchant_id": purchase["merchant_id"],
        "amount": Fraction(purchase["amount"]),
        "tier": member["tier"],
        "currency": purchase["currency"],
        "scope_amount": sum((line["amount"] for line in lines_of(purchase) if in_scope(rule, line)), Fraction(0)),
        "first_purchase": member["purchases_before"] == 0,
        "purchase_number": member["purchases_before"] + 1,
        "birthday": birthday_in(member["birth_date"], local.year) == (local.month, local.day),
        "birthday_month": (member["birth_date"] or "0000-00-00")[5:7] == f"{local.month:02}",
        "member_age_days": max(0, local.toordinal() - joined.toordinal()),
        "weekday": local.weekday() + 1,
        "hour": local.hour,
    }[field]
