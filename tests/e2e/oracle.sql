-- What every household must have earned for the first $baskets baskets of the year: one row (household_id, baskets, points)
-- each. Written from the rules as they are told to members, in whole numbers: a basket's worth is counted in 400ths
-- of a point, what is made of it in 800ths, and with the tier in 16,000ths.
--   a dollar is 1 point, on produce and salads 2 points, and two dollars on meat and fish are 3 points;
--   a basket of 75 dollars in January in New York is 20 points more;
--   on Saturday and Sunday there half as much again, but not more than 50 points more;
--   who spent 200 dollars before gets a tenth more, who spent 500 a quarter more;
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
    sum(cents) as cents,
    sum(cents * worth_of_a_cent) as worth_of_lines
  from line
  group by basket_id
  order by happened_at, basket_id
  limit $baskets
), story as (
  select *,
    coalesce(sum(cents) over (before_it rows between unbounded preceding and 1 preceding), 0) as spent_before
  from basket
  window before_it as (partition by household_id order by happened_at, basket_id)
), worth as (
  select *,
    worth_of_lines + case
      when cents >= 7500 and month(happened_at at time zone 'UTC' at time zone 'America/New_York') = 1 then 20 * 400
      else 0 end as worth,
    case when spent_before >= 50000 then 25 when spent_before >= 20000 then 22 else 20 end as twentieths
  from story
)
select
  household_id,
  count(*) as baskets,
  sum((2 * worth + case when at_weekend then least(worth, 100 * 400) else 0 end) * twentieths // 16000)::bigint
    as points
from worth
group by household_id
order by household_id
