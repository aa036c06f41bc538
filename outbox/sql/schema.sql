-- name: lock_schema!
-- One at a time makes the tables of the schema $1, until the end of the transaction.
select pg_advisory_xact_lock(hashtextextended('outbox schema ' || $1, 0));

-- name: name_schema!
-- What follows in this transaction is meant for the schema $1.
select set_config('search_path', quote_ident($1), true);

-- name: create_schema!
-- Makes the schema that the search path names.
do $$ begin execute format('create schema if not exists %s', current_setting('search_path')); end $$;

-- name: create_steps!
-- What was applied of the tables' definition.
create table if not exists outbox_schema (step text primary key, applied_at timestamptz not null default now());

-- name: list_steps
-- The steps that were taken.
select step from outbox_schema;

-- name: insert_step!
-- The step $1 was taken.
insert into outbox_schema (step) values ($1);
