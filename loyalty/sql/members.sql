-- name: insert_member$
-- A new member; their code for friends.
insert into member (id, external_id, email, name, password_hash, created_at, birth_date)
values (:member_id, :external_id, :email, :name, :password_hash, :created_at, :birth_date)
returning referral_code;

-- name: insert_wallet!
-- The wallet of a new member, empty.
insert into wallet (member_id, updated_at) values (:member_id, :created_at);

-- name: find_member_profile^
-- What a member may see of themselves.
select id as member_id, external_id, email, name, status, tier_code, created_at, birth_date, referral_code
from member where id = :member_id;

-- name: find_member_status$
-- Whether a member may act.
select status from member where id = :member_id;

-- name: find_member_login^
-- What a sign-in needs, by email in any case; one row also without such a member.
select lower(:email) as account, id as member_id, password_hash, status
from (values (true)) asked left join member on lower(email) = lower(:email);

-- name: list_balances
-- Members' points, the tier they are in and the next one, and when points expire, soonest first.
select w.member_id, m.status, w.available, w.pending, w.held, w.owed, w.lifetime_earned, w.version, now() as as_of,
  t.benefits as tier_benefits, (select tier_policy <> '{}' from program) as tiers_move,
  t.code as tier_code, t.name as tier_name, t.rank as tier_rank, t.threshold_points as tier_threshold_points,
  n.code as next_code, n.name as next_name, n.rank as next_rank, n.threshold_points as next_threshold_points,
  e.expiring
from unnest(:member_ids::uuid[]) as asked (member_id)
join wallet w on w.member_id = asked.member_id
join member m on m.id = w.member_id
join tier t on t.code = m.tier_code
left join lateral (select * from tier where rank > t.rank order by rank limit 1) n on true
cross join lateral (
  select coalesce(jsonb_agg(soon), '[]') as expiring from (
    select sum(remaining)::bigint as points, lot_expiry(expires_at, rolls_months, w.active_at) as expires_at from lot
    where member_id = w.member_id and remaining > 0 and pending_until is null and expires_at is not null
    group by 2 order by 2 limit :expiring_limit
  ) soon
) e;
