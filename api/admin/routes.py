"""The Admin API's routes: who may call each, what it takes and what it answers.

A viewer reads; an operator also acts on members, rewards and redemptions; an admin does everything. A merchant's key
reaches only what names its scope.
"""

from api.admin import (
    administrators,
    members,
    merchants,
    pipeline,
    program,
    reports,
    rewards,
    rules,
    sessions,
    transactions,
)
from api.admin.table import change, read, tagged
from api.kit.routes import ADMIN, OPERATOR, PUBLIC, VIEWER, Access, Database, NoBody, Route
from loyalty.domain.lots import InsufficientPoints
from loyalty.domain.rules import InvalidRule
from loyalty.services.adjusting import MemberErased
from loyalty.services.administrators import LastAdmin
from loyalty.services.dead_letters import DeadLetterResolved, NotRequeueable
from loyalty.services.merchants import KeyRevoked
from loyalty.services.program import CurrencyFixed, TierInUse
from loyalty.services.recording import ExternalIdReused
from loyalty.services.signing_in import InvalidCredentials, InvalidRefreshToken
from loyalty.store.conflicts import EmailTaken, ExternalIdTaken
from loyalty.store.members import MemberInactive
from schemas.admin.access import (
    Admin,
    AdminPage,
    AdminPatch,
    AuditFilter,
    AuditPage,
    Login,
    NewAdmin,
    RefreshRequest,
    Session,
)
from schemas.admin.members import Adjustment, LedgerPage, Member, MemberFilter, MemberPage, NewAdjustment, NewMember
from schemas.admin.merchants import (
    IssuedKey,
    Merchant,
    MerchantFilter,
    MerchantKey,
    MerchantKeyPage,
    MerchantPage,
    MerchantPatch,
    NewMerchant,
    NewMerchantKey,
    RotateKey,
)
from schemas.admin.pipeline import DeadLetter, DeadLetterFilter, DeadLetterPage, Pipeline
from schemas.admin.program import Program, ProgramPatch, Tiers
from schemas.admin.reports import DateRange, Overview
from schemas.admin.rewards import (
    NewReward,
    RedemptionFilter,
    RedemptionPage,
    Reward,
    RewardFilter,
    RewardPage,
    RewardPatch,
)
from schemas.admin.rules import (
    ActivateRule,
    NewRule,
    Rule,
    RuleFilter,
    RulePage,
    RuleWithVersions,
    Simulation,
    SimulationResult,
)
from schemas.admin.transactions import (
    NewTransaction,
    Transaction,
    TransactionFilter,
    TransactionPage,
    TransactionWithReceipt,
)
from schemas.common import PageQuery

SELLER = Access(scope="transactions:write")
NONE = Database.NONE

ROUTES: tuple[Route, ...] = (
    *tagged(
        "Sessions",
        change(
            "POST",
            "/login",
            sessions.login,
            "Sign in",
            PUBLIC,
            Login,
            {200: Session},
            InvalidCredentials,
            database=NONE,
        ),
        change(
            "POST",
            "/refresh",
            sessions.refresh,
            "Carry a session on",
            PUBLIC,
            RefreshRequest,
            {200: Session},
            InvalidRefreshToken,
            database=NONE,
        ),
        change("POST", "/logout", sessions.logout, "End a session", PUBLIC, RefreshRequest, {204: None}),
        read("/me", administrators.get_me, "Who am I", Admin),
    ),
    *tagged(
        "Members",
        read("/members", members.list_members, "Find members", MemberPage, MemberFilter),
        change(
            "POST",
            "/members",
            members.create_member,
            "Enrol a member",
            OPERATOR,
            NewMember,
            {201: Member},
            EmailTaken,
            ExternalIdTaken,
        ),
        read("/members/{member_id}", members.get_member, "Get a member", Member),
        read(
            "/members/{member_id}/ledger",
            members.list_member_ledger,
            "List a member's journal entries",
            LedgerPage,
            PageQuery,
        ),
        change(
            "POST",
            "/members/{member_id}/adjustments",
            members.adjust_member,
            "Give or take points",
            OPERATOR,
            NewAdjustment,
            {201: Adjustment},
            InsufficientPoints,
            MemberErased,
            idempotent=True,
        ),
    ),
    *tagged(
        "Transactions",
        read("/transactions", transactions.list_transactions, "Find transactions", TransactionPage, TransactionFilter),
        change(
            "POST",
            "/transactions",
            transactions.record_transaction,
            "Record a purchase with a merchant's key",
            SELLER,
            NewTransaction,
            {201: Transaction, 200: Transaction},
            ExternalIdReused,
            MemberInactive,
            idempotent=True,
        ),
        read(
            "/transactions/{transaction_id}",
            transactions.get_transaction,
            "Get a transaction and its receipt",
            TransactionWithReceipt,
        ),
    ),
    *tagged(
        "Earning rules",
        read("/earning-rules", rules.list_rules, "List earning rules", RulePage, RuleFilter),
        change(
            "POST",
            "/earning-rules",
            rules.create_rule,
            "Draft a rule",
            ADMIN,
            NewRule,
            {201: RuleWithVersions},
            InvalidRule,
        ),
        change(
            "POST",
            "/earning-rules/simulate",
            rules.simulate_rules,
            "What would a purchase earn, and why",
            VIEWER,
            Simulation,
            {200: SimulationResult},
            database=Database.READ,
        ),
        read("/earning-rules/{rule_id}", rules.get_rule, "Get a rule with its versions", RuleWithVersions),
        change(
            "POST",
            "/earning-rules/{rule_id}/versions",
            rules.add_rule_version,
            "Add a version, not yet in force",
            ADMIN,
            NewRule,
            {201: RuleWithVersions},
            InvalidRule,
        ),
        change(
            "POST",
            "/earning-rules/{rule_id}/activate",
            rules.activate_rule,
            "Put a version in force",
            ADMIN,
            ActivateRule,
            {200: Rule},
            body_optional=True,
        ),
        change(
            "POST",
            "/earning-rules/{rule_id}/retire",
            rules.retire_rule,
            "Take a rule out of force",
            ADMIN,
            NoBody,
            {200: Rule},
        ),
    ),
    *tagged(
        "Rewards",
        read("/rewards", rewards.list_rewards, "List rewards", RewardPage, RewardFilter),
        change("POST", "/rewards", rewards.create_reward, "Offer a reward", OPERATOR, NewReward, {201: Reward}),
        read("/rewards/{reward_id}", rewards.get_reward, "Get a reward", Reward),
        change(
            "PATCH",
            "/rewards/{reward_id}",
            rewards.change_reward,
            "Change a reward",
            OPERATOR,
            RewardPatch,
            {200: Reward},
        ),
        read("/redemptions", rewards.list_redemptions, "Find redemptions", RedemptionPage, RedemptionFilter),
    ),
    *tagged(
        "Merchants",
        read("/merchants", merchants.list_merchants, "List merchants", MerchantPage, MerchantFilter),
        change(
            "POST",
            "/merchants",
            merchants.create_merchant,
            "Take on a merchant",
            ADMIN,
            NewMerchant,
            {201: Merchant},
            ExternalIdTaken,
        ),
        read("/merchants/{merchant_id}", merchants.get_merchant, "Get a merchant", Merchant),
        change(
            "PATCH",
            "/merchants/{merchant_id}",
            merchants.change_merchant,
            "Change a merchant",
            ADMIN,
            MerchantPatch,
            {200: Merchant},
            ExternalIdTaken,
        ),
        read(
            "/merchants/{merchant_id}/keys",
            merchants.list_merchant_keys,
            "List a merchant's keys",
            MerchantKeyPage,
            PageQuery,
        ),
        change(
            "POST",
            "/merchants/{merchant_id}/keys",
            merchants.issue_merchant_key,
            "Issue a key",
            ADMIN,
            NewMerchantKey,
            {201: IssuedKey},
        ),
        change(
            "POST",
            "/merchants/{merchant_id}/keys/{key_id}/rotate",
            merchants.rotate_merchant_key,
            "Replace a key",
            ADMIN,
            RotateKey,
            {201: IssuedKey},
            KeyRevoked,
            body_optional=True,
        ),
        change(
            "POST",
            "/merchants/{merchant_id}/keys/{key_id}/revoke",
            merchants.revoke_merchant_key,
            "Revoke a key",
            ADMIN,
            NoBody,
            {200: MerchantKey},
        ),
    ),
    *tagged(
        "Program",
        read("/program", program.get_program, "Get the program's settings", Program),
        change(
            "PATCH",
            "/program",
            program.change_program,
            "Change the program's settings",
            ADMIN,
            ProgramPatch,
            {200: Program},
            CurrencyFixed,
        ),
        read("/tiers", program.get_tiers, "Get the tiers", Tiers),
        change("PUT", "/tiers", program.replace_tiers, "Replace the tiers", ADMIN, Tiers, {200: Tiers}, TierInUse),
    ),
    *tagged(
        "Reports",
        read(
            "/reports/overview",
            reports.get_overview,
            "The program over a range of days",
            Overview,
            DateRange,
            database=NONE,
        ),
    ),
    *tagged(
        "Pipeline",
        read("/pipeline", pipeline.get_pipeline, "Where events are on their way", Pipeline),
        read(
            "/dead-letters",
            pipeline.list_dead_letters,
            "List events that could not be handled",
            DeadLetterPage,
            DeadLetterFilter,
        ),
        change(
            "POST",
            "/dead-letters/{dead_letter_id}/requeue",
            pipeline.requeue_dead_letter,
            "Send an event again",
            ADMIN,
            NoBody,
            {200: DeadLetter},
            DeadLetterResolved,
            NotRequeueable,
        ),
        change(
            "POST",
            "/dead-letters/{dead_letter_id}/skip",
            pipeline.skip_dead_letter,
            "Leave an event for good",
            ADMIN,
            NoBody,
            {200: DeadLetter},
            DeadLetterResolved,
        ),
    ),
    *tagged(
        "Administration",
        read("/admins", administrators.list_admins, "List administrators", AdminPage, PageQuery),
        change(
            "POST",
            "/admins",
            administrators.create_admin,
            "Make someone an administrator",
            ADMIN,
            NewAdmin,
            {201: Admin},
            EmailTaken,
            database=NONE,
        ),
        change(
            "PATCH",
            "/admins/{admin_id}",
            administrators.change_admin,
            "Change an administrator",
            ADMIN,
            AdminPatch,
            {200: Admin},
            LastAdmin,
            database=NONE,
        ),
        read("/audit-log", reports.list_audit_log, "Who changed what", AuditPage, AuditFilter),
    ),
)
