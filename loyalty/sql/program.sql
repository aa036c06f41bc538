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
select code, name, rank, threshold_points, coalesce(threshold_spend_minor, 0) as threshold_spend_minor, multiplier,
  benefits
from tier order by rank;

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
insert into tier (code, name, rank, threshold_points, threshold_spend_minor, multiplier, benefits)
select code, name, rank, threshold_points, threshold_spend_minor, multiplier, benefits
from jsonb_to_recordset(:tiers::jsonb) as t (code text, name text, rank int, threshold_points bigint,
  threshold_spend_minor bigint, multiplier numeric, benefits jsonb)
on conflict (code) do update set name = excluded.name, rank = excluded.rank,
  threshold_points = excluded.threshold_points, threshold_spend_minor = excluded.threshold_spend_minor, multiplier = excluded.multiplier, benefits = excluded.benefits;

-- name: save_tier_qualification!
-- How members come to a tier and leave it from now on.
update program set tier_policy = :tier_policy;

-- name: tier_rules^
-- The ladder, lowest first, and how members move on it.
select p.time_zone, p.tier_policy, (
  select jsonb_agg(jsonb_build_object('code', code, 'name', name, 'rank', rank, 'threshold_points', threshold_points,
    'threshold_spend_minor', coalesce(threshold_spend_minor, 0), 'multiplier', multiplier::text, 'benefits', benefits)
    order by rank) from tier
) as tiers
from program p;
