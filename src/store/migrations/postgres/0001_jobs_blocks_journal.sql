-- One live job per user and reason; for a named session per Acct-Unique-Id (live_key is null once the job has ended).
CREATE TABLE radkick_job (
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    live_key TEXT UNIQUE,
    user_name TEXT NOT NULL,
    reason TEXT NOT NULL,
    actor TEXT NOT NULL,
    spec TEXT NOT NULL,
    state TEXT NOT NULL,
    attempts BIGINT NOT NULL DEFAULT 0,
    created_at BIGINT NOT NULL,
    retry_at BIGINT NOT NULL,
    lapses_at BIGINT NOT NULL,
    ended_at BIGINT,
    lease_holder TEXT,
    lease_until BIGINT NOT NULL DEFAULT 0,
    lease_token BIGINT NOT NULL DEFAULT 0
);
CREATE INDEX radkick_job_user ON radkick_job (user_name);

-- One session that a job aims at. attempts is a JSON list, session the row of radacct as it was selected.
CREATE TABLE radkick_target (
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    job_id BIGINT NOT NULL REFERENCES radkick_job (id),
    acct_unique_id TEXT NOT NULL,
    session TEXT NOT NULL,
    step TEXT NOT NULL,
    selected_at BIGINT NOT NULL,
    effect_at BIGINT,
    on_router BOOLEAN NOT NULL DEFAULT FALSE,
    nas TEXT,
    attempts TEXT NOT NULL DEFAULT '[]',
    fate TEXT,
    path TEXT,
    evidence TEXT,
    problem TEXT,
    close_due_at BIGINT,
    UNIQUE (job_id, acct_unique_id)
);
CREATE INDEX radkick_target_close ON radkick_target (close_due_at) WHERE close_due_at IS NOT NULL;

-- A closed login, and the rows of FreeRADIUS' tables that it changed.
CREATE TABLE radkick_block (
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    user_name TEXT NOT NULL,
    reason TEXT NOT NULL,
    actor TEXT NOT NULL,
    mode TEXT NOT NULL,
    state TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    changed_at BIGINT NOT NULL
);
CREATE INDEX radkick_block_user ON radkick_block (user_name);
CREATE UNIQUE INDEX radkick_block_live ON radkick_block (user_name) WHERE state <> 'released';
CREATE TABLE radkick_block_row (
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    block_id BIGINT NOT NULL REFERENCES radkick_block (id),
    table_word TEXT NOT NULL,
    present BOOLEAN NOT NULL,
    image TEXT NOT NULL,
    ours BOOLEAN NOT NULL DEFAULT FALSE
);
CREATE INDEX radkick_block_row_block ON radkick_block_row (block_id);

-- What was done and what became of it. detail is JSON.
CREATE TABLE radkick_journal (
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at BIGINT NOT NULL,
    actor TEXT NOT NULL,
    user_name TEXT NOT NULL,
    event TEXT NOT NULL,
    detail TEXT NOT NULL
);
CREATE INDEX radkick_journal_user ON radkick_journal (user_name, at);

-- A brake that has tripped, until a person confirms it.
CREATE TABLE radkick_brake (
    name TEXT PRIMARY KEY,
    tripped_at BIGINT NOT NULL,
    detail TEXT NOT NULL,
    confirmed_at BIGINT
);
