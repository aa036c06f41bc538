-- name: search_member_with_id
-- The member of this id, with an empty key.
select m.id, '' as key from member m
where m.id = :member_id::uuid and (:status::text is null or m.status = :status)
  and (:tier_code::text is null or m.tier_code = :tier_code);

-- name: search_members_by_name
-- Members whose name begins so, by name.
select m.id, lower(m.name) collate "C" as key from member m
where (lower(m.name) collate "C", m.id) > (coalesce(:after_key::text, lower(:prefix::text)), :after_id::uuid)
  and lower(m.name) collate "C" < lower(:prefix::text) || chr(1114111)
  and (:status::text is null or m.status = :status)
  and (:tier_code::text is null or m.tier_code = :tier_code)
order by lower(m.name) collate "C", m.id limit :limit;

-- name: search_members_by_last_word
-- Members whose name ends with a word that begins so, by that word; but those whose name begins so.
select m.id, lower(split_part(m.name, ' ', -1)) collate "C" as key from member m
where (lower(split_part(m.name, ' ', -1)) collate "C", m.id)
    > (coalesce(:after_key::text, lower(:prefix::text)), :after_id::uuid)
  and lower(split_part(m.name, ' ', -1)) collate "C" < lower(:prefix::text) || chr(1114111)
  and starts_with(lower(m.name), lower(:prefix)) is not true
  and (:status::text is null or m.status = :status)
  and (:tier_code::text is null or m.tier_code = :tier_code)
order by lower(split_part(m.name, ' ', -1)) collate "C", m.id limit :limit;

-- name: search_members_by_email
-- Members whose email begins so, by email; but those whom their name finds.
select m.id, lower(m.email) collate "C" as key from member m
where (lower(m.email) collate "C", m.id) > (coalesce(:after_key::text, lower(:prefix::text)), :after_id::uuid)
  and lower(m.email) collate "C" < lower(:prefix::text) || chr(1114111)
  and starts_with(lower(m.name), lower(:prefix)) is not true
  and starts_with(lower(split_part(m.name, ' ', -1)), lower(:prefix)) is not true
  and (:status::text is null or m.status = :status)
  and (:tier_code::text is null or m.tier_code = :tier_code)
order by lower(m.email) collate "C", m.id limit :limit;

-- name: search_members_by_external_id
-- Members whose external id begins so, by that; but those whom their name or email finds.
select m.id, m.external_id collate "C" as key from member m
where (m.external_id collate "C", m.id) > (coalesce(:after_key::text, :prefix::text), :after_id::uuid)
  and m.external_id collate "C" < :prefix::text || chr(1114111)
  and starts_with(lower(m.name), lower(:prefix)) is not true
  and starts_with(lower(split_part(m.name, ' ', -1)), lower(:prefix)) is not true
  and starts_with(lower(m.email), lower(:prefix)) is not true
  and (:status::text is null or m.status = :status)
  and (:tier_code::text is null or m.tier_code = :tier_code)
order by m.external_id collate "C", m.id limit :limit;

-- name: search_members_by_words
-- Members whose name has words that begin so, by name; but those whom anything else finds.
-- The words come first, by themselves: going through the names in order until enough have them reads all when few do.
with spoken as materialized (
  select id, name, email, external_id, status, tier_code from member
  where to_tsvector('simple', coalesce(name, '')) @@ to_tsquery('simple', :words::text)
)
select m.id, lower(m.name) collate "C" as key from spoken m
where (lower(m.name) collate "C", m.id) > (coalesce(:after_key::text, ''), :after_id::uuid)
  and starts_with(lower(m.name), lower(:prefix)) is not true
  and starts_with(lower(split_part(m.name, ' ', -1)), lower(:prefix)) is not true
  and starts_with(lower(m.email), lower(:prefix)) is not true
  and starts_with(m.external_id, :prefix) is not true
  and (:status::text is null or m.status = :status)
  and (:tier_code::text is null or m.tier_code = :tier_code)
order by lower(m.name) collate "C", m.id limit :limit;
