-- name: event_awards_of
-- What these events were awarded, and why, in the order of the awards.
select a.event_id, e.event_type, a.member_id, a.points, a.receipt, a.entry_id
from event_award a join member_event e on e.id = a.event_id
where a.event_id = any(:event_ids::uuid[]) order by a.seq;

-- name: insert_event_reversals!
-- What was taken back of awards of events, and its places among them.
insert into event_reversal (id, event_id, member_id, points_due, points_reversed, points_owed, points_lapsed, entry_id,
  wallet_version, counted_seq, reversed_at)
select r.id, r.event_id, r.member_id, r.points_due, r.points_reversed, r.points_owed, r.points_lapsed, r.entry_id,
  r.wallet_version, nextval('event_award_seq_seq'), :reversed_at::timestamptz
from unnest(
  :reversal_ids::uuid[], :event_ids::uuid[], :member_ids::uuid[], :points_dues::bigint[], :points_reverseds::bigint[],
  :points_oweds::bigint[], :points_lapseds::bigint[], :entry_ids::bigint[], :wallet_versions::bigint[])
  as r (id, event_id, member_id, points_due, points_reversed, points_owed, points_lapsed, entry_id, wallet_version);

-- name: counted_event_reversals
-- Awards of events that were taken back, with what their members were left without, in a range of places.
select r.counted_seq as seq, r.event_id as transaction_id, a.points as awarded,
  r.points_reversed + r.points_lapsed as returned, null::bigint as returned_before
from event_reversal r join event_award a using (event_id)
where r.counted_seq > :after_seq and r.counted_seq <= :upto_seq and a.points > 0
order by r.counted_seq;
