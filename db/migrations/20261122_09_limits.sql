-- limits that refunds give back, rolling points by the program's calendar, lost events
-- depends: 20261122_07b_events

-- migrate: apply

-- counted_seq: the refund's place among the awards, at which it gave back what limits had counted. A refund from before
-- there was such a place gave nothing back.
alter table refund add column counted_seq bigint unique;

-- The end of the day, in the program's time zone, that is so many months after a member's last activity.
create function rolled_expiry(rolls_months smallint, active_at timestamptz) returns timestamptz
language sql stable parallel safe as $$
  select (((active_at at time zone p.time_zone)::date + make_interval(months => rolls_months))::date + 1)::timestamp
    at time zone p.time_zone
  from program p
$$;
create or replace function lot_expiry(expires_at timestamptz, rolls_months smallint, active_at timestamptz)
returns timestamptz language sql stable parallel safe as $$
  select case when rolls_months is null then expires_at
    else greatest(expires_at, rolled_expiry(rolls_months, active_at)) end
$$;

-- How far the reconciler has seen every custom event awarded, as it has of purchases.
alter table reconciled_up_to add column event_id uuid not null default '00000000-0000-0000-0000-000000000000';

-- migrate: rollback

alter table reconciled_up_to drop column event_id;
create or replace function lot_expiry(expires_at timestamptz, rolls_months smallint, active_at timestamptz)
returns timestamptz language sql stable parallel safe as $$
  select case when rolls_months is null then expires_at
    else greatest(expires_at, active_at + make_interval(months => rolls_months)) end
$$;
drop function rolled_expiry;
alter table refund drop column counted_seq;
