-- name: insert_event_type$
-- A new type of events; no row when there is one of this code.
insert into event_type (code, name, fields, created_at) values (:code, :name, :fields, :created_at)
on conflict do nothing returning true;

-- name: event_type_by_code^
-- A type of events.
select code, name, fields, created_at from event_type where code = :code;

-- name: list_event_types
-- All types of events, by their codes.
select code, name, fields, created_at from event_type order by code;

-- name: insert_member_event$
-- Something that a member did; no row when the merchant's external id was recorded before. Hold the wallet's lock.
insert into member_event (id, member_id, merchant_id, event_type, external_id, occurred_at, recorded_at, fields,
  content_hash)
values (:event_id, :member_id, :merchant_id, :event_type, :external_id, :occurred_at, :recorded_at, :fields,
  :content_hash)
on conflict on constraint member_event_external_id_key do nothing
returning true;

-- name: find_member_event^
-- What was recorded under a merchant's external id, with its award.
select e.id as event_id, e.member_id, e.merchant_id, e.event_type, e.external_id, e.occurred_at, e.recorded_at, e.fields,
  e.content_hash, a.points as points_awarded
from member_event e left join event_award a on a.event_id = e.id
where e.merchant_id = :merchant_id and e.external_id = :external_id;

-- name: claim_member_events
-- Of these events, those never handled before, from now on handled: they have no award yet.
insert into inbox (consumer, event_id)
select :consumer, e.id from unnest(:event_ids::uuid[]) as e (id)
where not exists (select from event_award where event_award.event_id = e.id)
order by e.id
on conflict do nothing
returning event_id;

-- name: insert_event_awards!
-- What these events earned and why.
insert into event_award (event_id, member_id, points, entry_id, ruleset_version, receipt, wallet_version, awarded_at)
select a.event_id, a.member_id, a.points, a.entry_id, a.ruleset_version, a.receipt::jsonb, a.wallet_version,
  :awarded_at::timestamptz
from unnest(
  :event_ids::uuid[], :member_ids::uuid[], :points::text::bigint[], :entry_ids::text::bigint[],
  :ruleset_versions::text::bigint[], :receipts::text[], :wallet_versions::text::bigint[])
  as a (event_id, member_id, points, entry_id, ruleset_version, receipt, wallet_version);

-- name: awarded_events
-- Awards of events, in the order of the locks under which they were reckoned: a page after a seq.
select a.seq, a.event_id as transaction_id, a.member_id, a.points, a.ruleset_version, a.wallet_version, e.merchant_id,
  e.event_type, e.occurred_at, e.fields, m.created_at as joined_at, m.birth_date, m.status, m.tier_code,
  exists (select from event_reversal v where v.event_id = a.event_id) as is_refunded,
  (:from_time::timestamptz is null or e.occurred_at >= :from_time)
    and (:to_time::timestamptz is null or e.occurred_at < :to_time) as is_wanted, (
    select jsonb_agg(jsonb_build_array(rule -> 'rule_id', rule -> 'version', rule -> 'points'))
    from jsonb_array_elements(a.receipt -> 'rules') rule where rule -> 'points' <> '0'
  ) as shares, (
    select -sum(p.points)::bigint from posting p where p.entry_id = a.entry_id and p.account = 'program.issued'
  ) as booked
from event_award a join member_event e on e.id = a.event_id join member m on m.id = a.member_id
where a.seq > :after_seq::bigint
order by a.seq limit :row_limit::int;
