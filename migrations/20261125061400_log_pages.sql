-- Pages of the event log, the deep ones too: where a page begins is found by walking what the blocks of ids hold, not
-- the job requests themselves.

-- How many job requests each 1,024 ids hold. A page begins in one block, so at most that many are stepped over.
-- Blocks that hold none stay: there are few, and the next of their ids comes soon.
CREATE TABLE job_request_block (
    block int CONSTRAINT job_request_block_pk PRIMARY KEY,
    total int NOT NULL CONSTRAINT job_request_block_holds_what_fits CHECK (total BETWEEN 0 AND 1024)
) WITH (fillfactor = 50);

-- The row of job_request_tally is locked first: whoever holds it counts alone, so that two transactions never wait for
-- each other's blocks. The release before this one reads that table, the next need not keep it.
CREATE OR REPLACE FUNCTION job_request_count() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        UPDATE job_request_tally SET total = total + (SELECT count(*) FROM changed);
        INSERT INTO job_request_block AS b (block, total)
            SELECT id >> 10, count(*) FROM changed GROUP BY 1
            ON CONFLICT (block) DO UPDATE SET total = b.total + excluded.total;
    ELSIF TG_OP = 'DELETE' THEN
        UPDATE job_request_tally SET total = total - (SELECT count(*) FROM changed);
        UPDATE job_request_block b SET total = b.total - gone.total
          FROM (SELECT id >> 10 AS block, count(*) AS total FROM changed GROUP BY 1) gone WHERE b.block = gone.block;
    ELSE
        UPDATE job_request_tally SET total = 0;
        DELETE FROM job_request_block;
    END IF;
    RETURN NULL;
END $$;

-- Nobody writes between this count and the first that the triggers make.
LOCK TABLE job_request IN SHARE ROW EXCLUSIVE MODE;
INSERT INTO job_request_block (block, total) SELECT id >> 10, count(*) FROM job_request GROUP BY 1;
