-- A transaction that would not wait for the disk is made to, whatever statement inserts: else its events could be
-- published, and a crash of the server take back what they tell of.
alter table outbox alter created_at set default
  case current_setting('synchronous_commit')
    when 'off' then case when set_config('synchronous_commit', 'local', true) is not null then clock_timestamp() end
    else clock_timestamp() end;

