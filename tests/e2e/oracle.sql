-- What every household must have earned for the first $baskets baskets of the year: one row (household_id, baskets, points)
-- each. Written from the rules as they are told to members, in whole numbers: a basket's worth is counted in 400ths
-- of a point.
--   a dollar is 1 point, on produce and salads 2 points, and two dollars on meat and fish are 3 points;
--   on Saturday and Sunday in New York half as much again, but not more than 50 points more;
--   each basket is rounded down to whole points, once.
with line as (
  select
    basket_id,
    household_id,
    transaction_timestamp as happened_at,
    cast(round(sales_value * 100) as bigint) as cents,
    case
      when department in ('PRODUCE', 'SALAD BAR') then 8
      when department in ('MEAT', 'MEAT-PCKGD', 'SEAFOOD', 'SEAFOOD-PCKGD') then 6
      else 4
    end as worth_of_a_cent
  from read_parquet($transactions)
  left join (select product_id, department from read_parquet($products)) using (product_id)
), basket as (
  select
    basket_id,
    any_value(household_id) as household_id,
    any_value(happened_at) as happened_at,
    isodow(any_value(happened_at) at time zone 'UTC' at time zone 'America/New_York') >= 6 as at_weekend,
    sum(cents * worth_of_a_cent) as worth
  from line
  group by basket_id
  order by happened_at, basket_id
  limit $baskets
)
select
  household_id,
  count(*) as baskets,
  sum((worth + case when at_weekend then least(worth // 2, 50 * 400) else 0 end) // 400)::bigint as points
from basket
group by household_id
order by household_id
