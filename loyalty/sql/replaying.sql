-- name: members_by_external_id
-- Which of these members there are.
select external_id, id as member_id from member where external_id = any(:external_ids::text[]);

-- name: merchants_by_external_id
-- Which of these merchants there are.
select external_id, id as merchant_id from merchant where external_id = any(:external_ids::text[]);

-- name: pipeline_counts^
-- What has been recorded and what has come of it so far, of all members.
select
  (select count(*) from transaction) as transactions,
  (select count(*) from award) as awards,
  (select coalesce(sum(points), 0) from award)::bigint as points_issued,
  (select count(*) from redemption where status = 'pending') as redemptions_pending,
  (select count(*) from dead_letter where resolved_at is null) as dead_letters;

-- name: program_names
-- The names of all rules and rewards that there are, of whatever version and status.
select name from earning_rule_version union select name from reward;
