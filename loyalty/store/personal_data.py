"""What the database holds of people: every table and every column, each in one class. The only list of it.

A member's data is of three kinds. What IDENTIFIES them is erased with them. A RECORD of what they did stays under the
member's id, which names nobody any more. A COPY is of one of these, made for a time: it holds ids, never what
identifies. A test compares this list with the database, another that nothing which identifies outlives an erasure.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum


class Kind(Enum):
    """What a column tells of a person."""

    IDENTIFIES = "says who a member is: erased with them, exported before"
    RECORD = "says what a member did: kept under the member's id, exported"
    COPY = "repeats a record for a time, by ids alone"
    STAFF = "about an administrator, who is made inactive and not erased: the audit log names them"
    IMPERSONAL = "about no person"


@dataclass(frozen=True, slots=True)
class Table:
    """The columns of a table by kind, each kind as names with spaces between."""

    identifies: str = ""
    record: str = ""
    copy: str = ""
    staff: str = ""
    impersonal: str = ""
    columns: dict[str, Kind] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        for kind in Kind:
            for name in getattr(self, kind.name.lower()).split():
                if name in self.columns:
                    raise ValueError(f"the column {name} is of two kinds")
                self.columns[name] = kind

    def has(self, kind: Kind) -> bool:
        return kind in self.columns.values()


TABLES: Mapping[str, Table] = {
    "admin": Table(staff="id email name role password_hash active created_at"),
    "audit_log": Table(
        identifies="before after address",
        record="id at actor_kind actor_id action subject_kind subject_id request_id",
    ),
    "award": Table(
        record="transaction_id member_id points entry_id ruleset_version receipt wallet_version awarded_at seq"
    ),
    "dead_letter": Table(
        copy="id consumer event_id topic partition record_offset key headers payload error_kind error created_at "
        "resolved_at resolution"
    ),
    "earning_rule": Table(
        impersonal="id status active_version latest_version created_at activated_at retired_at scheduled_version "
        "scheduled_at"
    ),
    "earning_rule_version": Table(staff="created_by", impersonal="rule_id version name definition created_at"),
    "event_award": Table(
        record="event_id member_id points entry_id ruleset_version receipt wallet_version awarded_at seq"
    ),
    "event_reversal": Table(
        record="id event_id member_id points_due points_reversed points_owed points_lapsed entry_id wallet_version "
        "counted_seq reversed_at"
    ),
    "event_type": Table(impersonal="code name fields created_at"),
    "idempotency_key": Table(identifies="caller route key request_hash status headers body created_at"),
    "inbox": Table(copy="consumer event_id received_at"),
    "journal_entry": Table(
        record="id event_id kind member_id seq source_id booked_at available_after reason traceparent"
    ),
    "journal_seal": Table(impersonal="entry_id hash"),
    "lot": Table(record="id entry_id member_id points remaining earned_at expires_at pending_until rolls_months"),
    "lot_draw": Table(record="entry_id lot_id points"),
    "member": Table(
        identifies="external_id email name password_hash birth_date referral_code",
        record="id status tier_code created_at erased_at",
    ),
    "member_event": Table(
        record="id member_id merchant_id event_type external_id occurred_at recorded_at fields content_hash"
    ),
    "merchant": Table(impersonal="id external_id name active created_at"),
    "merchant_key": Table(impersonal="id merchant_id prefix secret_hash scopes created_at revoked_at"),
    "merchant_signing_key": Table(impersonal="id merchant_id algorithm public_key created_at revoked_at"),
    "outbox": Table(copy="id xid event_id topic key payload source occurred_at traceparent created_at"),
    "outbox_checkpoint": Table(
        impersonal="one complete since until last_id low_id high_id ends system_identifier published_rows "
        "rows_per_second saved_at"
    ),
    "outbox_parked": Table(
        copy="outbox_id event_id topic key payload source occurred_at traceparent created_at parked_at error attempts "
        "requested requested_at"
    ),
    "outbox_replay": Table(staff="asked_by", impersonal="replay_id wanted last_id replayed_rows started_at ended_at"),
    "outbox_topic": Table(impersonal="topic partitions since"),
    "posting": Table(record="entry_id n account member_id points"),
    "program": Table(impersonal="one name currency time_zone rounding point_value ruleset_version points tier_policy"),
    "qualifying_month": Table(record="member_id month points spend_minor"),
    "reappended_event": Table(copy="event_id topic times last_at"),
    "reconciled_up_to": Table(impersonal="one transaction_id event_id"),
    "redemption": Table(
        record="id member_id reward_id points_cost status reason voucher_code entry_id wallet_version requested_at "
        "completed_at hold_entry_id returned_entry_id decided_at reserved_until cancelled_at cancel_reason"
    ),
    "referral": Table(
        record="referred_id referrer_id status transaction_id referred_at settled_at asked_minor referrer_event_id "
        "referred_event_id broken_at revoked_at"
    ),
    "referral_terms": Table(
        impersonal="one purchases minimum_amount_minor within_days wait_days limit_per_referrer limit_period"
    ),
    "refresh_token": Table(
        identifies="token_hash family_id subject_kind subject_id issued_at expires_at used_at revoked_at"
    ),
    "refund": Table(
        record="id transaction_id member_id merchant_id seq external_id amount_minor parts reason content_hash "
        "refunded_at points_due points_reversed points_owed points_lapsed entry_id wallet_version reversed_at "
        "counted_seq"
    ),
    "reward": Table(
        impersonal="id name description image_url points_cost stock_remaining limit_per_member minimum_tier_code "
        "active starts_at ends_at created_at updated_at limit_period voucher_source confirm_seconds partner_id"
    ),
    "rule_budget_usage": Table(impersonal="rule_id points"),
    "rule_member_usage": Table(record="rule_id member_id period_key points"),
    "rule_replay": Table(
        copy="result",
        staff="requested_by",
        impersonal="id rules from_time to_time status purchases_total purchases_done attempts error requested_at "
        "started_at finished_at",
    ),
    "ruleset": Table(impersonal="version made_at program rules tiers"),
    "shadow_award": Table(impersonal="rule_id version day purchases points"),
    "tier": Table(impersonal="code name rank threshold_points multiplier benefits threshold_spend_minor"),
    "tier_change": Table(record="id member_id from_code to_code reason wallet_version changed_at"),
    "tier_recalculation": Table(impersonal="one day ruleset_version after_id finished_at"),
    "tier_standing": Table(record="member_id since grace_until"),
    "transaction": Table(
        record="id member_id merchant_id external_id occurred_at recorded_at amount_minor currency items content_hash"
    ),
    "transfer": Table(
        identifies="note", record="id from_member_id to_member_id points sent_entry_id received_entry_id transferred_at"
    ),
    "trial_usage": Table(copy="rule_id version member_id period_key points"),
    "voucher": Table(record="reward_id code uploaded_at redemption_id", impersonal="upload_id upload_line"),
    "webhook_attempt": Table(impersonal="delivery_id n at duration_ms status error answer"),
    "webhook_cursor": Table(impersonal="one since until next_id high_id"),
    "webhook_delivery": Table(
        copy="id endpoint_id outbox_id event_type payload occurred_at status attempts next_attempt_at created_at "
        "delivered_at"
    ),
    "webhook_endpoint": Table(
        impersonal="id url description event_types secret previous_secret previous_until active disabled_reason "
        "failing_since created_at"
    ),
    "wallet": Table(
        record="member_id pending available held lifetime_earned lifetime_redeemed transactions_awarded entries "
        "version updated_at owed active_at"
    ),
}
"""By table, but for partitions of one and the migrations' own."""


def tables_about_members() -> frozenset[str]:
    """Tables that identify members or record what they did: what an export must hold."""
    return frozenset(name for name, table in TABLES.items() if table.has(Kind.IDENTIFIES) or table.has(Kind.RECORD))
