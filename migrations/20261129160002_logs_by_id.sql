-- Somebody's log goes by their id: a name is also what an operator may be called.
CREATE INDEX auditable_event_created_by_id_at_idx ON auditable_event (created_by_id, created_at DESC, id DESC)
    WHERE created_by_id IS NOT NULL;
CREATE INDEX auditable_event_target_user_id_at_idx ON auditable_event (target_user_id, created_at DESC, id DESC)
    WHERE target_user_id IS NOT NULL;
