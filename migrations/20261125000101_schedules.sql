-- Work that is due by the clock: what became of it last, and when it is due next. What there is to do, and
-- when, is in the program; a row appears when the program first looks. And the workers, by when they were
-- last seen.

CREATE TABLE schedule (
    name              text COLLATE "C" CONSTRAINT schedule_pk PRIMARY KEY,
    due_at            timestamptz NOT NULL,
    -- How often it was started. The number of a run is also its claim: whoever has an older one has lost it.
    runs              bigint NOT NULL DEFAULT 0,
    -- Runs for the same due time: more than one after a worker died.
    attempts          int NOT NULL DEFAULT 0,
    started_at        timestamptz,
    ended_at          timestamptz,
    outcome           text CONSTRAINT schedule_outcome_known CHECK (outcome IN ('running', 'ok', 'failed', 'abandoned')),
    -- What it did, or why it did not.
    told              text NOT NULL DEFAULT '',
    -- How long it took, by the clock of whoever ran it.
    seconds           double precision,
    run_by            text,
    -- It is being run, until then at most: its worker moves this on while it lives.
    claimed_until     timestamptz,
    last_abandoned_at timestamptz,
    CONSTRAINT schedule_started_once_there_is_an_outcome CHECK ((started_at IS NULL) = (outcome IS NULL)),
    CONSTRAINT schedule_claimed_while_running CHECK ((claimed_until IS NOT NULL) = (outcome IS NOT DISTINCT FROM 'running')),
    CONSTRAINT schedule_ended_unless_running CHECK ((ended_at IS NOT NULL) = (outcome IS NOT NULL AND outcome <> 'running'))
);

CREATE TABLE worker_seen (
    -- host:pid
    worker  text COLLATE "C" CONSTRAINT worker_seen_pk PRIMARY KEY,
    seen_at timestamptz NOT NULL DEFAULT now()
);
