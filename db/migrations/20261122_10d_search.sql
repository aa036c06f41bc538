-- members found by any word of their name
-- depends: 20261122_10c_webhooks

-- migrate: apply

create index member_name_words on member using gin (to_tsvector('simple', coalesce(name, '')));

-- migrate: rollback

drop index member_name_words;
