-- The lines of the first $baskets baskets, in the order that the baskets happened and in a fixed order within each.
with chosen as (
  select basket_id, any_value(transaction_timestamp) as happened_at
  from read_parquet($transactions)
  group by basket_id
  order by happened_at, basket_id
  limit $baskets
)
select chosen.basket_id, household_id, store_id, happened_at, product_id, department, quantity, sales_value
from read_parquet($transactions) as line
join chosen using (basket_id)
left join read_parquet($products) as product using (product_id)
order by happened_at, chosen.basket_id, product_id, quantity, sales_value
