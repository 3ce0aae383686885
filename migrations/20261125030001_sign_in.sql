-- Signing in: what a session knows of itself, the logins that are not finished yet, personal tokens of
-- bots, and how often somebody tried. Of a secret that opens something only a hash is kept.

ALTER TABLE session
    -- How whoever holds it proved who they are.
    ADD COLUMN method text NOT NULL DEFAULT 'link'
        CONSTRAINT session_method_known CHECK (method IN ('github', 'email', 'token', 'link')),
    -- For "where you are signed in": what the browser called itself then, cut, and where it was.
    ADD COLUMN user_agent text NOT NULL DEFAULT '',
    ADD COLUMN address inet,
    -- The user's rights changed: the next page gives the session a new token.
    ADD COLUMN must_rotate boolean NOT NULL DEFAULT false,
    -- The token from before, for requests that were on their way when it was replaced.
    ADD COLUMN previous_token_hash bytea CONSTRAINT session_previous_token_hash_unique UNIQUE,
    ADD COLUMN previous_token_until timestamptz,
    ADD CONSTRAINT session_both_previous_token_and_its_end
        CHECK ((previous_token_hash IS NULL) = (previous_token_until IS NULL));
CREATE INDEX session_last_seen_at_idx ON session (last_seen_at);

-- Somebody went to GitHub and is expected back, in the same browser, once.
CREATE TABLE github_login (
    id              bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT github_login_pk PRIMARY KEY,
    state_hash      bytea NOT NULL CONSTRAINT github_login_state_hash_unique UNIQUE,
    browser_hash    bytea NOT NULL,
    -- The PKCE verifier, under a key derived from SECRET_KEY.
    verifier_sealed bytea NOT NULL,
    next            text NOT NULL CONSTRAINT github_login_next_is_a_path CHECK (next LIKE '/%'),
    created_at      timestamptz NOT NULL DEFAULT now(),
    expires_at      timestamptz NOT NULL
);
CREATE INDEX github_login_expires_at_idx ON github_login (expires_at);

-- Somebody whom GitHub vouches for and whose name is still missing. GitHub's access token is not kept.
CREATE TABLE unfinished_login (
    id           bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT unfinished_login_pk PRIMARY KEY,
    token_hash   bytea NOT NULL CONSTRAINT unfinished_login_token_hash_unique UNIQUE,
    browser_hash bytea NOT NULL,
    uid          text NOT NULL CONSTRAINT unfinished_login_uid_not_blank CHECK (uid <> ''),
    login        text NOT NULL CONSTRAINT unfinished_login_login_not_blank CHECK (login <> ''),
    -- Verified by GitHub.
    email        varchar(254) CONSTRAINT unfinished_login_email_not_blank CHECK (email <> ''),
    next         text NOT NULL CONSTRAINT unfinished_login_next_is_a_path CHECK (next LIKE '/%'),
    created_at   timestamptz NOT NULL DEFAULT now(),
    expires_at   timestamptz NOT NULL
);
CREATE INDEX unfinished_login_expires_at_idx ON unfinished_login (expires_at);

-- Somebody asked for a link by mail. Whose address it is, is looked up when the mail leaves, so that
-- the answer to an unknown address takes no other time.
CREATE TABLE email_login (
    id           bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT email_login_pk PRIMARY KEY,
    email        varchar(254) NOT NULL CONSTRAINT email_login_email_not_blank CHECK (email <> ''),
    browser_hash bytea NOT NULL,
    next         text NOT NULL DEFAULT '/' CONSTRAINT email_login_next_is_a_path CHECK (next LIKE '/%'),
    created_at   timestamptz NOT NULL DEFAULT now(),
    expires_at   timestamptz NOT NULL,
    used_at      timestamptz
);
CREATE INDEX email_login_browser_idx ON email_login (browser_hash, id);
CREATE INDEX email_login_expires_at_idx ON email_login (expires_at);

-- An address that counts once whoever reads its mail says so. The newest of a user is the one that works.
CREATE TABLE email_change (
    id         bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT email_change_pk PRIMARY KEY,
    user_id    int NOT NULL CONSTRAINT email_change_user_fk REFERENCES "user" ON DELETE CASCADE,
    email      varchar(254) NOT NULL CONSTRAINT email_change_email_not_blank CHECK (email <> ''),
    created_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL,
    used_at    timestamptz
);
CREATE INDEX email_change_user_idx ON email_change (user_id, id);
CREATE INDEX email_change_expires_at_idx ON email_change (expires_at);

-- A single-use token dies of wrong guesses.
ALTER TABLE "user"
    ADD COLUMN login_token_failures int NOT NULL DEFAULT 0
        CONSTRAINT user_login_token_failures_not_negative CHECK (login_token_failures >= 0);

-- Tokens with which bots read releases. Several may be live, so that one can be replaced in peace.
CREATE TABLE personal_token (
    id            int GENERATED ALWAYS AS IDENTITY CONSTRAINT personal_token_pk PRIMARY KEY,
    user_id       int NOT NULL CONSTRAINT personal_token_user_fk REFERENCES "user" ON DELETE CASCADE,
    -- `sha256$<hex>`, or an Argon2 hash that came from the service before this one.
    hash          text NOT NULL CONSTRAINT personal_token_hash_unique UNIQUE
                  CONSTRAINT personal_token_hash_known CHECK (hash ~ '^(sha256|argon2)\$'),
    created_at    timestamptz NOT NULL DEFAULT now(),
    -- An operator at a command line has a name and no id.
    created_by    text NOT NULL CONSTRAINT personal_token_created_by_not_blank CHECK (created_by <> ''),
    created_by_id int CONSTRAINT personal_token_created_by_fk REFERENCES "user" ON DELETE SET NULL,
    -- The last day on which it works, in UTC.
    expires_on    date NOT NULL,
    last_used_at  timestamptz,
    revoked_at    timestamptz,
    revoked_by    text,
    CONSTRAINT personal_token_both_revoked_at_and_by_set CHECK ((revoked_at IS NULL) = (revoked_by IS NULL))
);
CREATE INDEX personal_token_user_idx ON personal_token (user_id);
CREATE INDEX personal_token_created_by_idx ON personal_token (created_by_id);
ALTER TABLE "user" DROP COLUMN pat_token, DROP COLUMN pat_expires_at;

-- How often something was tried, by account and by address, in the window that began then. Subjects are
-- hashes. Losing it in a crash of the database gives a few more tries.
CREATE UNLOGGED TABLE attempt (
    what       text NOT NULL,
    subject    bytea NOT NULL,
    began_at   timestamptz NOT NULL DEFAULT now(),
    made       int NOT NULL DEFAULT 1,
    CONSTRAINT attempt_pk PRIMARY KEY (what, subject)
);
CREATE INDEX attempt_began_at_idx ON attempt (began_at);
