-- Who takes part in the first $baskets baskets: a row for each household and for each store, in the order they appear.
with chosen as (
  select basket_id, any_value(household_id) as household_id, any_value(store_id) as store_id,
    any_value(transaction_timestamp) as happened_at
  from read_parquet($transactions)
  group by basket_id
  order by happened_at, basket_id
  limit $baskets
)
select 'household' as kind, household_id as id, min((happened_at, basket_id)) as first from chosen group by household_id
union all
select 'store', store_id, min((happened_at, basket_id)) from chosen group by store_id
order by first
