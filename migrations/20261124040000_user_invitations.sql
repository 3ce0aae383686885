-- Somebody who was made a user before their first GitHub login: that login is linked to the user only
-- through an open invitation for its name, never because the names happen to be alike.

CREATE TABLE user_invitation (
    id            int GENERATED ALWAYS AS IDENTITY CONSTRAINT user_invitation_pk PRIMARY KEY,
    login         text NOT NULL CONSTRAINT user_invitation_login_not_blank CHECK (login <> ''),
    user_id       int NOT NULL CONSTRAINT user_invitation_user_fk REFERENCES "user" ON DELETE CASCADE,
    -- An operator at a command line has a name and no id.
    created_by    text NOT NULL CONSTRAINT user_invitation_created_by_not_blank CHECK (created_by <> ''),
    created_by_id int CONSTRAINT user_invitation_created_by_fk REFERENCES "user" ON DELETE SET NULL,
    created_at    timestamptz NOT NULL DEFAULT now(),
    used_at       timestamptz,
    -- The GitHub id that used it.
    used_by_uid   text,
    revoked_at    timestamptz,
    CONSTRAINT user_invitation_both_used_at_and_used_by_uid_set
        CHECK ((used_at IS NULL) = (used_by_uid IS NULL))
);
CREATE UNIQUE INDEX user_invitation_one_open ON user_invitation (lower(login))
    WHERE used_at IS NULL AND revoked_at IS NULL;
CREATE INDEX user_invitation_user_idx ON user_invitation (user_id);
CREATE INDEX user_invitation_created_by_idx ON user_invitation (created_by_id);
