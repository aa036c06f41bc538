-- name: find_referrer$
-- The active member whose code this is.
select id from member where referral_code = :code and status = 'active';

-- name: insert_referral!
-- A new member came by another's code.
insert into referral (referred_id, referrer_id, referred_at) values (:referred_id, :referrer_id, :referred_at);

-- name: referral_terms^
-- When a referral is completed, and how many a member is rewarded for.
select t.purchases, t.minimum_amount_minor, t.within_days, t.wait_days, t.limit_per_referrer, t.limit_period, p.currency
from referral_terms t cross join program p;

-- name: lock_referral_terms^
-- The terms, about to change.
select t.purchases, t.minimum_amount_minor, t.within_days, t.wait_days, t.limit_per_referrer, t.limit_period, p.currency
from referral_terms t cross join program p for update of t;

-- name: save_referral_terms!
-- Replaces the terms.
update referral_terms set purchases = :purchases, minimum_amount_minor = :minimum_amount_minor,
  within_days = :within_days, wait_days = :wait_days, limit_per_referrer = :limit_per_referrer,
  limit_period = :limit_period;

-- name: list_due_referrals
-- Open referrals that a purchase completes, counted less its refunds, and those whose time is over, oldest first.
select r.referred_id, r.referrer_id, q.transaction_id, q.merchant_id, q.amount_minor, p.currency
from referral r
cross join referral_terms t
cross join program p
join wallet w on w.member_id = r.referred_id
left join lateral (
  select bought.transaction_id, bought.merchant_id, bought.amount_minor, bought.occurred_at from (
    select x.id as transaction_id, x.merchant_id, x.occurred_at, x.amount_minor - (
      select coalesce(sum(f.amount_minor), 0)::bigint from refund f where f.transaction_id = x.id
    ) as amount_minor
    from transaction x join award a on a.transaction_id = x.id
    where x.member_id = r.referred_id and w.transactions_awarded >= t.purchases and x.currency = p.currency
      and x.occurred_at >= r.referred_at and x.occurred_at < r.referred_at + make_interval(days => t.within_days)
  ) bought
  where bought.amount_minor >= greatest(t.minimum_amount_minor, 1)
    and bought.occurred_at <= :at::timestamptz - make_interval(days => t.wait_days)
  order by bought.occurred_at, bought.transaction_id offset t.purchases - 1 limit 1
) q on true
where r.status = 'open'
  and (:referred_ids::uuid[] is null or r.referred_id = any(:referred_ids))
  and (
    r.referred_at <= :at::timestamptz - make_interval(days => t.within_days + t.wait_days)
    or q.transaction_id is not null and 2 = (
      select count(*) from member m where m.id in (r.referred_id, r.referrer_id) and m.status = 'active'
    )
  )
order by r.referred_at, r.referred_id limit :row_limit::int;

-- name: count_completed_referrals
-- How many friends of these members have completed their referrals, ever and in the period of the limit.
select r.referrer_id, count(*) as ever,
  count(*) filter (where r.settled_at >= period_start(t.limit_period, :at, p.time_zone)) as in_period
from referral r cross join referral_terms t cross join program p
where r.referrer_id = any(:referrer_ids::uuid[]) and r.status = 'completed'
group by r.referrer_id;

-- name: settle_referrals!
-- What became of referrals that were open. Hold the wallets' locks.
update referral set status = s.status, transaction_id = s.transaction_id, settled_at = :settled_at::timestamptz,
  referrer_event_id = s.referrer_event_id, referred_event_id = s.referred_event_id, asked_minor = t.minimum_amount_minor
from unnest(
  :referred_ids::uuid[], :statuses::text[], :transaction_ids::uuid[], :referrer_event_ids::uuid[],
  :referred_event_ids::uuid[])
  as s (referred_id, status, transaction_id, referrer_event_id, referred_event_id)
cross join referral_terms t
where referral.referred_id = s.referred_id and referral.status = 'open';

-- name: list_broken_referrals
-- Referrals to take back, those that have waited longest first: both sides have their awards.
select r.referred_id, r.referrer_id, r.referred_event_id, r.referrer_event_id
from referral r
where r.status = 'completed' and r.broken_at is not null
  and (:referred_ids::uuid[] is null or r.referred_id = any(:referred_ids))
  and 2 = (select count(*) from event_award a where a.event_id in (r.referred_event_id, r.referrer_event_id))
order by r.broken_at, r.referred_id limit :row_limit::int;

-- name: revoke_referrals!
-- Referrals that are taken back. Hold the wallets' locks.
update referral set status = 'revoked', revoked_at = :at::timestamptz
where referred_id = any(:referred_ids::uuid[]) and status = 'completed';

-- name: list_referrals
-- A page of referrals, those who joined last first.
select referred_id, referrer_id, status, transaction_id, referred_at, settled_at, revoked_at from referral
where (:referrer_id::uuid is null or referrer_id = :referrer_id)
  and (:referred_id::uuid is null or referred_id = :referred_id)
  and (:status::text is null or status = :status)
  and (:before_id::uuid is null or referred_id < :before_id)
order by referred_id desc limit :limit;

-- name: export_referrals
-- Who brought a member, and whom the member brought.
select referrer_id, referred_id, status, referred_at, settled_at, revoked_at
from referral where referred_id = :member_id or referrer_id = :member_id order by referred_id;
