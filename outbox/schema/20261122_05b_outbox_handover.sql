-- Whether the relay that saved this ended with everything acknowledged, so that nothing of it can still be on its way:
-- if the topics end where it says, the next one need not wait to see whether they stand still.
alter table outbox_checkpoint add column complete bool not null default false;

