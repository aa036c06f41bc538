-- name: export_member^
-- Who a member is and what they hold.
select m.id as member_id, m.external_id, m.email, m.name, m.birth_date, m.referral_code, m.status, m.tier_code, m.created_at,
  m.password_hash is not null as has_password, to_jsonb(w) - 'member_id' as wallet
from member m join wallet w on w.member_id = m.id where m.id = :member_id;

-- name: export_transactions
-- A member's purchases, with what each earned and why.
select t.id as transaction_id, t.merchant_id, t.external_id, t.occurred_at, t.recorded_at, t.amount_minor, t.currency,
  t.items, a.points as points_awarded, a.receipt, a.awarded_at
from transaction t left join award a on a.transaction_id = t.id where t.member_id = :member_id order by t.id;

-- name: export_refunds
-- Money that a member got back.
select id as refund_id, transaction_id, external_id, amount_minor, parts, reason, refunded_at, points_due,
  points_reversed, points_owed, points_lapsed, reversed_at
from refund where member_id = :member_id order by id;

-- name: export_custom_events
-- What a member did besides buying, with what it earned and why.
select e.id as event_id, e.merchant_id, e.event_type, e.external_id, e.occurred_at, e.recorded_at, e.fields,
  a.points as points_awarded, a.receipt, a.awarded_at, v.points_reversed, v.points_owed, v.points_lapsed, v.reversed_at
from member_event e left join event_award a on a.event_id = e.id left join event_reversal v on v.event_id = e.id
where e.member_id = :member_id order by e.id;

-- name: export_redemptions
-- Rewards that a member asked for, with the uploaded codes that they were given.
select r.id as redemption_id, r.reward_id, r.points_cost, r.status, r.reason, r.voucher_code, r.requested_at,
  r.decided_at, r.reserved_until, r.completed_at, r.cancelled_at, r.cancel_reason, v.uploaded_at as voucher_uploaded_at
from redemption r left join voucher v on v.redemption_id = r.id where r.member_id = :member_id order by r.id;

-- name: export_journal
-- A member's journal entries, with their postings.
select e.id as entry_id, e.seq, e.kind, e.source_id, e.booked_at, e.available_after, e.reason, p.postings
from journal_entry e cross join lateral (
  select jsonb_agg(jsonb_build_object('account', account, 'points', points) order by n) as postings
  from posting where entry_id = e.id
) p
where e.member_id = :member_id order by e.seq;

-- name: export_lots
-- The lots of points that a member was given, and what was drawn of each.
select l.id as lot_id, l.entry_id, l.points, l.remaining, l.earned_at, l.expires_at, l.pending_until, d.draws
from lot l cross join lateral (
  select coalesce(jsonb_agg(jsonb_build_object('entry_id', entry_id, 'points', points) order by entry_id), '[]') as draws
  from lot_draw where lot_id = l.id
) d
where l.member_id = :member_id order by l.id;

-- name: export_transfers
-- Points that a member gave to others or got from them.
select id as transfer_id, from_member_id, to_member_id, points, note, transferred_at
from transfer where from_member_id = :member_id or to_member_id = :member_id order by id;

-- name: export_tiers
-- A member's moves on the ladder of tiers.
select from_code as from_tier, to_code as to_tier, reason, changed_at
from tier_change where member_id = :member_id order by wallet_version;

-- name: export_tier_standing
-- Since when a member has their tier, and until when they keep it without qualifying.
select since, grace_until from tier_standing where member_id = :member_id;

-- name: export_qualifying_months
-- What counts towards a member's tier, by month.
select month, points, spend_minor from qualifying_month where member_id = :member_id order by month;

-- name: export_rule_usage
-- What rules with a limit have given a member.
select rule_id, period_key, points from rule_member_usage where member_id = :member_id order by rule_id, period_key;

-- name: export_sessions
-- A member's sessions that could still be carried on or that were until lately.
select family_id as session_id, issued_at, expires_at, used_at, revoked_at
from refresh_token where subject_kind = 'member' and subject_id = :member_id order by issued_at;

-- name: export_changes
-- What the audit log has of a member: changes made to them and by them.
select at, actor_kind, action, subject_kind, subject_id, before, after, address from audit_log
where (subject_kind = 'member' and subject_id = :member_id::uuid::text)
  or (actor_kind = 'member' and actor_id = :member_id::uuid::text)
order by id;

-- name: export_requests
-- Answers that are kept for a member's retries.
select route, key, status, created_at from idempotency_key where caller = 'member:' || :member_id::uuid order by created_at;
