-- The chain of events takes nothing that it did not work out itself, is out of reach of a role that may only add events,
-- and holds no date that a program cannot read (docs/adr/0013).

-- Two events in one place of the chain: one of them was slipped in.
CREATE UNIQUE INDEX auditable_event_position_unique ON auditable_event (position);
DROP INDEX auditable_event_position_idx;

-- Beyond the year 9999 a date is none for the program. Not asked of what was written before.
ALTER TABLE auditable_event ADD CONSTRAINT auditable_event_created_at_range
    CHECK (created_at >= timestamptz '2000-01-01 00:00:00Z' AND created_at < timestamptz '10000-01-01 00:00:00Z') NOT VALID;

-- An event is chained by the trigger at the commit alone: not by a statement of its own transaction before that, and not
-- with another place or hash than the next ones.
CREATE OR REPLACE FUNCTION auditable_event_only_joins_chain() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    -- Written by a trigger (this one is the second then), what it says untouched, after an event that is there.
    IF pg_trigger_depth() > 1
       AND OLD.hash IS NULL
       AND to_jsonb(NEW) - '{position,previous_hash,hash}'::text[] = to_jsonb(OLD) - '{position,previous_hash,hash}'::text[]
       AND NEW.hash = auditable_event_hash(NEW.previous_hash, NEW)
       AND (NEW.position = 1 AND NEW.previous_hash = ''
            OR EXISTS (SELECT FROM auditable_event e WHERE e.position = NEW.position - 1 AND e.hash = NEW.previous_hash))
    THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'auditable_event is append-only' USING CONSTRAINT = 'auditable_event_append_only';
END $$;

-- The end of the chain only moves on, to an event that is there, and by the same trigger.
CREATE FUNCTION audit_chain_only_moves_on() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' THEN
        IF pg_trigger_depth() > 1 AND NEW.id AND NEW.position > OLD.position
           AND EXISTS (SELECT FROM auditable_event e WHERE e.position = NEW.position AND e.hash = NEW.hash)
        THEN
            RETURN NEW;
        END IF;
    END IF;
    RAISE EXCEPTION 'audit_chain only moves on' USING CONSTRAINT = 'audit_chain_append_only';
END $$;
CREATE TRIGGER audit_chain_only_moves_on BEFORE UPDATE ON audit_chain
    FOR EACH ROW EXECUTE FUNCTION audit_chain_only_moves_on();
CREATE TRIGGER audit_chain_append_only BEFORE DELETE OR TRUNCATE ON audit_chain
    FOR EACH STATEMENT EXECUTE FUNCTION audit_chain_only_moves_on();

-- With the rights of their owner: the program's role need not be allowed to change an event, or the end of the chain.
-- Temporary tables are looked at last, so that none stands for one of ours.
ALTER FUNCTION auditable_event_joins_chain() SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp;
REVOKE EXECUTE ON FUNCTION auditable_event_joins_chain() FROM PUBLIC;
