-- name: program_settings^
-- The program.
select name, currency, time_zone, rounding, point_value, points, ruleset_version from program;

-- name: lock_program^
-- The program, held against everyone else who would change what a purchase earns.
select name, currency, time_zone, rounding, point_value, points, ruleset_version from program for no key update;

-- name: raise_ruleset_version$
-- What a purchase earns has changed: workers compile the rules anew.
update program set ruleset_version = ruleset_version + 1 returning ruleset_version;

-- name: update_program!
-- All that can change of the program but the version of its rules.
update program set name = :name, currency = :currency, time_zone = :time_zone, rounding = :rounding,
  point_value = :point_value;

-- name: any_transaction$
-- Whether a purchase was ever recorded.
select exists (select from transaction);

-- name: list_tiers
-- The ladder, lowest first.
select code, name, rank, threshold_points, multiplier, benefits from tier order by rank;

-- name: tiers_in_use
-- Those of these tiers that a member is in or a reward asks for.
select t.code from unnest(:codes::text[]) as t (code)
where exists (select from member where tier_code = t.code) or exists (select from reward where minimum_tier_code = t.code);

-- name: park_tier_ranks!
-- Moves every rank out of the way, so that two tiers can swap theirs under the unique constraint.
update tier set rank = -1 - rank;

-- name: delete_tiers!
-- Tiers that left the ladder.
delete from tier where code = any(:codes::text[]);

-- name: upsert_tiers!
-- The steps of the ladder.
insert into tier (code, name, rank, threshold_points, multiplier, benefits)
select code, name, rank, threshold_points, multiplier, benefits
from jsonb_to_recordset(:tiers::jsonb) as t (code text, name text, rank int, threshold_points bigint, multiplier numeric, benefits jsonb)
on conflict (code) do update set name = excluded.name, rank = excluded.rank,
  threshold_points = excluded.threshold_points, multiplier = excluded.multiplier, benefits = excluded.benefits;
