-- Why a data permission ended is kept beside why it began.
ALTER TABLE data_permission ADD COLUMN ended_reason text NOT NULL DEFAULT '';
