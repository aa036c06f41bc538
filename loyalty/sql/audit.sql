-- name: insert_audit_entry!
-- One change, in the transaction that makes it.
insert into audit_log (id, at, actor_kind, actor_id, action, subject_kind, subject_id, before, after, request_id, address)
values (:audit_id, :at, :actor_kind, :actor_id, :action, :subject_kind, :subject_id, :before, :after, :request_id, :address);

-- name: list_audit_entries
-- A page of the audit log, newest first.
select id as audit_id, at, actor_kind, actor_id, action, subject_kind, subject_id, before, after, request_id, address
from audit_log
where (:actor_id::text is null or actor_id = :actor_id)
  and (:subject_kind::text is null or subject_kind = :subject_kind)
  and (:subject_id::text is null or subject_id = :subject_id)
  and (:action::text is null or action = :action)
  and (:actor_kind::text is null or actor_kind = :actor_kind)
  and (:request_id::text is null or request_id = :request_id)
  and (:from_id::uuid is null or id >= :from_id)
  and (:to_id::uuid is null or id < :to_id)
  and (:before_id::uuid is null or id < :before_id)
order by id desc limit :limit;
