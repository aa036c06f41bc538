-- what reports find by time
-- depends: 20261122_14b_trials

-- migrate: apply

create index member_event_recorded_at on member_event using brin (recorded_at) with (pages_per_range = 32);

-- migrate: rollback

drop index member_event_recorded_at;
