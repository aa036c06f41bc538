-- name: member_timeline
-- A page of all that happened with a member, newest first. Every id tells its time, so that one id is the position.
select * from (
  (select m.id, m.created_at as at, 'joined' as kind, null::bigint as points, null::bigint as amount_minor,
    null::text as currency, null::text as status, null::text as detail, null::uuid as merchant_id
  from member m where m.id = :member_id and (:before_id::uuid is null or m.id < :before_id))
  union all
  (select t.id, t.recorded_at, 'purchase', a.points, t.amount_minor, t.currency,
    case when a.transaction_id is null then 'recorded' else 'awarded' end, t.external_id, t.merchant_id
  from transaction t left join award a on a.transaction_id = t.id
  where t.member_id = :member_id and (:before_id::uuid is null or t.id < :before_id)
  order by t.id desc limit :limit)
  union all
  (select r.id, r.refunded_at, 'refund', -r.points_reversed, r.amount_minor, t.currency,
    case when r.reversed_at is null then 'recorded' else 'reversed' end, r.reason, r.merchant_id
  from refund r join transaction t on t.id = r.transaction_id
  where r.member_id = :member_id and (:before_id::uuid is null or r.id < :before_id)
  order by r.id desc limit :limit)
  union all
  (select r.id, r.requested_at, 'redemption', -r.points_cost, null, null, r.status, w.name, null
  from redemption r join reward w on w.id = r.reward_id
  where r.member_id = :member_id and (:before_id::uuid is null or r.id < :before_id)
  order by r.id desc limit :limit)
  union all
  (select e.id, e.recorded_at, 'custom_event', a.points, null, null,
    case when a.event_id is null then 'recorded' when v.event_id is null then 'awarded' else 'reversed' end,
    e.event_type, e.merchant_id
  from member_event e left join event_award a on a.event_id = e.id left join event_reversal v on v.event_id = e.id
  where e.member_id = :member_id and (:before_id::uuid is null or e.id < :before_id)
  order by e.id desc limit :limit)
  union all
  (select e.event_id, e.booked_at,
    case e.kind when 'adjust' then 'adjustment' when 'expire' then 'expiry' when 'release' then 'release'
      else 'transfer' end,
    (select sum(points) filter (where account <> 'member.pending')::bigint from posting
      where entry_id = e.id and account like 'member.%'), null, null, null, e.reason, null
  from journal_entry e
  where e.member_id = :member_id and e.kind in ('adjust', 'expire', 'release', 'transfer')
    and (:before_id::uuid is null or e.event_id < :before_id)
  order by e.event_id desc limit :limit)
  union all
  (select c.id, c.changed_at, 'tier_change', null, null, null, c.to_code, c.reason, null
  from tier_change c where c.member_id = :member_id and (:before_id::uuid is null or c.id < :before_id)
  order by c.id desc limit :limit)
  union all
  (select l.id, l.at, 'change', null, null, null, l.actor_kind, l.action, null
  from audit_log l
  where l.subject_kind = 'member' and l.subject_id = :member_id::uuid::text
    and l.action not in ('member.created', 'member.adjusted', 'points.transferred')
    and (:before_id::uuid is null or l.id < :before_id)
  order by l.id desc limit :limit)
) happened
order by id desc limit :limit;

-- name: list_audit_since
-- Changes with an id from here on, the oldest first.
select id as audit_id, at, actor_kind, actor_id, action, subject_kind, subject_id, before, after, request_id, address
from audit_log where id >= :from_id order by id limit :limit;
