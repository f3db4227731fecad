-- Serves the audit log of one action, newest first (`audit.list`).
create index gdpr_audit_logs_by_action on gdpr_audit_logs (organization_id, action, id desc);
-- Serves the audit log of one person or program, newest first (`audit.list`).
create index gdpr_audit_logs_by_actor on gdpr_audit_logs (organization_id, (coalesce(user_id, api_key_id)), id desc);
