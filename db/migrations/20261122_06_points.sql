-- the life of points: terms, pending lots, what expires, what a member owes
-- depends: 20261122_03_admin

-- migrate: apply

alter table program add column points jsonb not null default '{}';

-- owed: points taken back that the member had spent already; points that come in pay it before they are available.
-- active_at: when the member last earned or redeemed, which is what rolling lots live by.
alter table wallet add column owed bigint not null default 0,
  add column active_at timestamptz,
  add constraint wallet_owed_not_negative check (owed >= 0),
  add constraint wallet_owes_only_when_empty check (owed = 0 or available = 0);

alter table journal_entry drop constraint journal_entry_kind_check,
  add constraint journal_entry_kind_check check (kind in
    ('earn', 'release', 'expire', 'reverse', 'hold', 'unhold', 'redeem', 'restore', 'transfer', 'adjust'));

-- A lot is pending until pending_until is null. An entry may make several lots, each with an expiry of its own.
-- rolls_months: the lot lives for so many months after the member's last activity; its expires_at is then the earliest
-- it can expire, moved on when it is looked at.
alter table lot drop constraint lot_entry_id_key,
  add column pending_until timestamptz,
  add column rolls_months smallint check (rolls_months > 0);
create index lot_entry on lot (entry_id);
drop index lot_open;
create index lot_open on lot (member_id, expires_at, id)
  where remaining > 0 and pending_until is null and rolls_months is null;
create index lot_rolling on lot (member_id, expires_at, id)
  where remaining > 0 and pending_until is null and rolls_months is not null;
create index lot_pending on lot (pending_until) where remaining > 0 and pending_until is not null;
create index lot_due on lot (expires_at) where remaining > 0 and pending_until is null and expires_at is not null;

-- A draw of fewer than no points gives back what another took.
alter table lot_draw drop constraint lot_draw_points_check, add constraint lot_draw_points_check check (points <> 0);

-- When a rolling lot expires, of a member last active at a moment.
create function lot_expiry(expires_at timestamptz, rolls_months smallint, active_at timestamptz) returns timestamptz
language sql stable parallel safe as $$
  select case when rolls_months is null then expires_at
    else greatest(expires_at, active_at + make_interval(months => rolls_months)) end
$$;

-- migrate: rollback

drop function lot_expiry;
alter table lot_draw drop constraint lot_draw_points_check, add constraint lot_draw_points_check check (points > 0);
drop index lot_due, lot_pending, lot_rolling, lot_open, lot_entry;
create index lot_open on lot (member_id, expires_at, id) where remaining > 0;
alter table lot drop column pending_until, drop column rolls_months, add constraint lot_entry_id_key unique (entry_id);
alter table journal_entry drop constraint journal_entry_kind_check,
  add constraint journal_entry_kind_check check (kind in ('earn', 'redeem', 'adjust'));
alter table wallet drop constraint wallet_owes_only_when_empty, drop constraint wallet_owed_not_negative,
  drop column owed, drop column active_at;
alter table program drop column points;
