-- name: points_policy$
-- What the program promises about its points.
select points from program;

-- name: save_points_policy!
-- Replaces what the program promises about its points.
update program set points = :points::jsonb;
