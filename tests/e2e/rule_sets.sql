-- What every household must have earned for the first $baskets baskets of the year under each of seven programs, one row
-- (rule_set, household_id, baskets, points) each. Written from the programs as they are told in rule_sets.py, in whole
-- numbers, with windows over the baskets instead of counters that are kept.
with recursive line as (
  select
    basket_id,
    household_id,
    transaction_timestamp as happened_at,
    cast(round(sales_value * 100) as bigint) as cents,
    coalesce(department, '') as department,
    product_id
  from read_parquet($transactions)
  left join (select product_id, department from read_parquet($products)) using (product_id)
), summed as (
  select
    basket_id,
    any_value(household_id) as household_id,
    any_value(happened_at) as happened_at,
    any_value(happened_at) at time zone 'UTC' at time zone 'America/New_York' as local_time,
    sum(cents)::bigint as cents,
    coalesce(sum(cents) filter (where department = 'PRODUCE'), 0)::bigint as produce,
    sum(cents * case
      when product_id = 1082185 then 5
      when department = 'PRODUCE' then 2
      when department in ('FUEL', 'MISCELLANEOUS') then 0
      else 1 end)::bigint as weighted
  from line
  group by basket_id
  order by happened_at, basket_id
  limit $baskets
), basket as (
  select
    *,
    row_number() over (order by happened_at, basket_id) as n,
    row_number() over household as nth,
    coalesce(sum(cents) over (household rows between unbounded preceding and 1 preceding), 0)::bigint as spent_before
  from summed
  window household as (partition by household_id order by happened_at, basket_id)
),
-- 1: a point a dollar
rate as (
  select 'rate' as rule_set, household_id, cents // 100 as points from basket
),
-- 2: fruit and vegetables 2, bananas 5, nothing on fuel and the rest of the shop
scopes as (
  select 'scopes' as rule_set, household_id, weighted // 100 as points from basket
),
-- 3: 5 more in the evening, 25 more from 50 dollars; half as much again on weekends up to 50; double in four days only
windows as (
  select
    'windows' as rule_set,
    household_id,
    case
      when happened_at >= timestamp '2017-11-24 05:00:00' and happened_at < timestamp '2017-11-28 05:00:00'
        then worth * 2 // 100
      when isodow(local_time) >= 6 then (worth * 2 + least(worth, 50 * 200)) // 200
      else worth // 100
    end as points
  from (
    select
      *,
      cents + case when hour(local_time) between 18 and 21 then 500 else 0 end
        + case when cents >= 5000 then 2500 else 0 end as worth
    from basket
  )
),
-- 4: at most 60 a basket and 150 a month
caps as (
  select
    'caps' as rule_set,
    household_id,
    least(150, so_far) - least(150, so_far - points) as points
  from (
    select *, sum(points) over (partition by household_id, date_trunc('month', local_time) order by n) as so_far
    from (select *, least(cents // 100, 60) as points from basket)
  )
),
-- 5: a point for 3 dollars out of a budget of 30,000, two on produce but 20 a week; shares by largest remainder
shares as (
  select
    'shares' as rule_set,
    household_id,
    least(30000, base_so_far) - least(30000, base_so_far - base_share)
      + least(20, produce_so_far) - least(20, produce_so_far - produce_share) as points
  from (
    select
      *,
      sum(base_share) over (order by n) as base_so_far,
      sum(produce_share) over (
        partition by household_id, isoyear(local_time), weekofyear(local_time) order by n
      ) as produce_so_far
    from (
      select
        *,
        base_whole + case when left_over > 0 and base_rest >= produce_rest then 1 else 0 end as base_share,
        produce_whole + case when left_over > 0 and base_rest < produce_rest then 1 else 0 end as produce_share
      from (
        select
          *,
          (cents - produce) // 300 as base_whole,
          (cents - produce) % 300 as base_rest,
          2 * produce // 300 as produce_whole,
          2 * produce % 300 as produce_rest,
          (cents + produce) // 300 - (cents - produce) // 300 - 2 * produce // 300 as left_over
        from basket
      )
    )
  )
),
-- 6: 100 for the first basket, 50 for every tenth; silver from 500 dollars a quarter more, gold from 2,000 half more
spend_tiers as (
  select
    'spend tiers' as rule_set,
    household_id,
    ((cents + case when nth = 1 then 10000 else 0 end + case when nth % 10 = 0 then 5000 else 0 end)
      * case when spent_before >= 200000 then 6 when spent_before >= 50000 then 5 else 4 end * 2 + 400) // 800 as points
  from basket
),
-- 7: the same tiers by the points themselves, from 500 and 2,000, basket after basket
climb as (
  select household_id, 0::bigint as nth, 0::bigint as so_far from basket where nth = 1
  union all
  select
    climb.household_id,
    basket.nth,
    climb.so_far
      + basket.cents * case when climb.so_far >= 2000 then 6 when climb.so_far >= 500 then 5 else 4 end // 400
  from climb
  join basket on basket.household_id = climb.household_id and basket.nth = climb.nth + 1
),
point_tiers as (
  select 'point tiers' as rule_set, household_id, nth, so_far
  from climb
)
select rule_set, household_id, count(*) as baskets, sum(points)::bigint as points
from (
  select * from rate union all select * from scopes union all select * from windows union all select * from caps
  union all select * from shares union all select * from spend_tiers
)
group by all
union all
select rule_set, household_id, max(nth) as baskets, max(so_far)::bigint as points from point_tiers group by all
order by rule_set, household_id
