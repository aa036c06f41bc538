"""Earning rules: their definitions, and what a purchase earns under them."""

from loyalty.domain.rules.definition import ActiveRule, RuleDefinition
from loyalty.domain.rules.parse import InvalidRule, active_rule, parse_rule
from loyalty.domain.rules.ruleset import Ruleset, compile_ruleset, evaluate

__all__ = [
    "ActiveRule",
    "InvalidRule",
    "RuleDefinition",
    "Ruleset",
    "active_rule",
    "compile_ruleset",
    "evaluate",
    "parse_rule",
]
