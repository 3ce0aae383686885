-- The record of who changed what tells its whole story by itself, and can be proven to be whole: each event
-- keeps the names of what it is about, and is chained to the one before it (docs/adr/0013).

ALTER TABLE auditable_event
    -- As the thing was called when it happened: a link that leads nowhere any more still says what it led to.
    ADD COLUMN target_label  text NOT NULL DEFAULT '',
    ADD COLUMN parent_label  text NOT NULL DEFAULT '',
    -- The event's place in the chain, given when its transaction commits.
    ADD COLUMN position      bigint,
    ADD COLUMN previous_hash bytea,
    ADD COLUMN hash          bytea,
    -- Which transaction wrote it: looked at while that ends, and by nobody after.
    ADD COLUMN written_in    xid8;
CREATE INDEX auditable_event_position_idx ON auditable_event (position);
CREATE INDEX auditable_event_unchained_idx ON auditable_event (written_in) WHERE hash IS NULL;
CREATE INDEX auditable_event_created_at_idx ON auditable_event (created_at DESC, id DESC);
CREATE INDEX auditable_event_created_by_at_idx ON auditable_event (created_by, created_at DESC, id DESC);
CREATE INDEX auditable_event_target_user_at_idx ON auditable_event (target_user, created_at DESC, id DESC);
CREATE INDEX auditable_event_type_at_idx ON auditable_event (type, created_at DESC, id DESC);
-- The two above begin with the same column.
DROP INDEX auditable_event_created_by_idx;
DROP INDEX auditable_event_target_user_idx;

-- The end of the chain. Whoever adds an event holds this row until the commit.
CREATE TABLE audit_chain (
    id       boolean NOT NULL DEFAULT true CONSTRAINT audit_chain_pk PRIMARY KEY CONSTRAINT audit_chain_one_row CHECK (id),
    position bigint NOT NULL,
    hash     bytea NOT NULL
);
INSERT INTO audit_chain (position, hash) VALUES (0, '');

-- What a thing is called: now, or, when it is gone, when an event last told of it.
CREATE FUNCTION auditable_thing_name(thing_model text, thing_id text) RETURNS text LANGUAGE plpgsql STABLE AS $$
DECLARE
    found_number int := CASE WHEN thing_id ~ '^[0-9]{1,9}$' THEN thing_id::int END;
    found_name   text;
BEGIN
    IF thing_id = '' THEN
        RETURN '';
    END IF;
    CASE thing_model
        WHEN 'jobserver.Project' THEN
            SELECT coalesce(p.number || ' - ', '') || p.name INTO found_name FROM project p WHERE p.id = found_number;
        WHEN 'jobserver.Org' THEN
            SELECT o.name INTO found_name FROM org o WHERE o.id = found_number;
        WHEN 'jobserver.User' THEN
            SELECT u.username INTO found_name FROM "user" u WHERE u.id = found_number;
        WHEN 'jobserver.Workspace' THEN
            SELECT w.name INTO found_name FROM workspace w WHERE w.id = found_number;
        WHEN 'jobserver.Backend' THEN
            SELECT b.name INTO found_name FROM backend b WHERE b.id = found_number;
        WHEN 'jobserver.Repo' THEN
            SELECT r.url INTO found_name FROM repo r WHERE r.id = found_number;
        WHEN 'jobserver.Redirect' THEN
            SELECT r.old_url INTO found_name FROM redirect r WHERE r.id = found_number;
        WHEN 'jobserver.SiteAlert' THEN
            SELECT coalesce(nullif(a.title, ''), left(a.message, 80)) INTO found_name FROM site_alert a WHERE a.id = found_number;
        WHEN 'jobserver.ReleaseFile' THEN
            SELECT f.name INTO found_name FROM release_file f WHERE f.id = thing_id;
        ELSE
            NULL;
    END CASE;
    IF found_name IS NULL THEN
        SELECT e.target_label INTO found_name FROM auditable_event e
         WHERE e.target_model = thing_model AND e.target_id = thing_id AND e.target_label <> ''
         ORDER BY e.id DESC LIMIT 1;
    END IF;
    RETURN coalesce(found_name, '');
END $$;

-- SHA-256 of the hash before it and of every column, each with its length in front, so that no two events
-- have the same text. `jobserver audit verify` works it out by itself.
CREATE FUNCTION auditable_event_hash(previous bytea, e auditable_event) RETURNS bytea LANGUAGE sql STABLE AS $$
    SELECT sha256(previous || convert_to(string_agg(octet_length(convert_to(field, 'UTF8')) || ':' || field, ',' ORDER BY n), 'UTF8'))
      FROM unnest(ARRAY[e.position::text, e.id::text, e.type, e.old, e.new, e.target_model, e.target_field, e.target_id,
                        e.target_label, e.target_user, coalesce(e.target_user_id::text, ''), e.parent_model, e.parent_id,
                        e.parent_label, e.created_by, coalesce(e.created_by_id::text, ''),
                        (extract(epoch FROM e.created_at) * 1000000)::bigint::text])
           WITH ORDINALITY AS fields (field, n)
$$;

-- Events from before join the chain in the order in which they were written.
DROP TRIGGER auditable_event_append_only ON auditable_event;
UPDATE auditable_event
   SET target_label = auditable_thing_name(target_model, target_id),
       parent_label = auditable_thing_name(parent_model, parent_id);
DO $$
DECLARE
    e    auditable_event;
    head audit_chain;
BEGIN
    SELECT * INTO head FROM audit_chain;
    FOR e IN SELECT * FROM auditable_event ORDER BY id LOOP
        e.position := head.position + 1;
        e.previous_hash := head.hash;
        e.hash := auditable_event_hash(head.hash, e);
        UPDATE auditable_event SET position = e.position, previous_hash = e.previous_hash, hash = e.hash WHERE id = e.id;
        head.position := e.position;
        head.hash := e.hash;
    END LOOP;
    UPDATE audit_chain SET position = head.position, hash = head.hash;
END $$;

CREATE FUNCTION auditable_event_names_things() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.target_label = '' THEN
        NEW.target_label := auditable_thing_name(NEW.target_model, NEW.target_id);
    END IF;
    IF NEW.parent_label = '' THEN
        NEW.parent_label := auditable_thing_name(NEW.parent_model, NEW.parent_id);
    END IF;
    -- The chain's are given at the commit, by nobody else.
    NEW.position := NULL;
    NEW.previous_hash := NULL;
    NEW.hash := NULL;
    NEW.written_in := pg_current_xact_id();
    RETURN NEW;
END $$;
CREATE TRIGGER auditable_event_names_things BEFORE INSERT ON auditable_event
    FOR EACH ROW EXECUTE FUNCTION auditable_event_names_things();

-- At the commit, so that the end of the chain is held for as short as can be, and after every other lock: no two
-- transactions wait for each other in a circle. The first event of a transaction takes the others along, so that the
-- end moves once, however many there are.
CREATE FUNCTION auditable_event_joins_chain() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    e    auditable_event;
    head audit_chain;
BEGIN
    PERFORM FROM auditable_event WHERE id = NEW.id AND hash IS NULL;
    IF NOT FOUND THEN
        RETURN NULL;
    END IF;
    SELECT * INTO STRICT head FROM audit_chain FOR UPDATE;
    FOR e IN SELECT * FROM auditable_event
              WHERE hash IS NULL AND written_in = pg_current_xact_id() ORDER BY id
    LOOP
        e.position := head.position + 1;
        e.previous_hash := head.hash;
        e.hash := auditable_event_hash(head.hash, e);
        UPDATE auditable_event SET position = e.position, previous_hash = e.previous_hash, hash = e.hash WHERE id = e.id;
        head.position := e.position;
        head.hash := e.hash;
    END LOOP;
    UPDATE audit_chain SET position = head.position, hash = head.hash;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER auditable_event_joins_chain AFTER INSERT ON auditable_event
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION auditable_event_joins_chain();

-- The one change that an event ever sees is that it joins the chain.
CREATE FUNCTION auditable_event_only_joins_chain() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.hash IS NULL AND NEW.hash IS NOT NULL
       AND to_jsonb(NEW) - '{position,previous_hash,hash}'::text[] = to_jsonb(OLD) - '{position,previous_hash,hash}'::text[]
    THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'auditable_event is append-only' USING CONSTRAINT = 'auditable_event_append_only';
END $$;
CREATE TRIGGER auditable_event_only_joins_chain BEFORE UPDATE ON auditable_event
    FOR EACH ROW EXECUTE FUNCTION auditable_event_only_joins_chain();
CREATE TRIGGER auditable_event_append_only BEFORE DELETE OR TRUNCATE ON auditable_event
    FOR EACH STATEMENT EXECUTE FUNCTION auditable_event_is_append_only();
