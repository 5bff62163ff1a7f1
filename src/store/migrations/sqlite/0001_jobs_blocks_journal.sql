-- One live job per user and reason; for a named session per Acct-Unique-Id (live_key is null once the job has ended).
CREATE TABLE radkick_job (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    live_key TEXT UNIQUE,
    user_name TEXT NOT NULL,
    reason TEXT NOT NULL,
    actor TEXT NOT NULL,
    spec TEXT NOT NULL,
    state TEXT NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0,
    created_at INTEGER NOT NULL,
    retry_at INTEGER NOT NULL,
    lapses_at INTEGER NOT NULL,
    ended_at INTEGER,
    lease_holder TEXT,
    lease_until INTEGER NOT NULL DEFAULT 0,
    lease_token INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX radkick_job_user ON radkick_job (user_name);

-- One session that a job aims at. attempts is a JSON list, session the row of radacct as it was selected.
CREATE TABLE radkick_target (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    job_id INTEGER NOT NULL REFERENCES radkick_job (id),
    acct_unique_id TEXT NOT NULL,
    session TEXT NOT NULL,
    step TEXT NOT NULL,
    selected_at INTEGER NOT NULL,
    effect_at INTEGER,
    on_router INTEGER NOT NULL DEFAULT 0,
    nas TEXT,
    attempts TEXT NOT NULL DEFAULT '[]',
    fate TEXT,
    path TEXT,
    evidence TEXT,
    problem TEXT,
    close_due_at INTEGER,
    UNIQUE (job_id, acct_unique_id)
);

-- A closed login, and the rows of FreeRADIUS' tables that it changed.
CREATE TABLE radkick_block (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    user_name TEXT NOT NULL,
    reason TEXT NOT NULL,
    actor TEXT NOT NULL,
    mode TEXT NOT NULL,
    state TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    changed_at INTEGER NOT NULL
);
CREATE INDEX radkick_block_user ON radkick_block (user_name);
CREATE UNIQUE INDEX radkick_block_live ON radkick_block (user_name) WHERE state <> 'released';
CREATE TABLE radkick_block_row (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    block_id INTEGER NOT NULL REFERENCES radkick_block (id),
    table_word TEXT NOT NULL,
    present INTEGER NOT NULL,
    image TEXT NOT NULL,
    ours INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX radkick_block_row_block ON radkick_block_row (block_id);

-- What was done and what became of it. detail is JSON.
CREATE TABLE radkick_journal (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    at INTEGER NOT NULL,
    actor TEXT NOT NULL,
    user_name TEXT NOT NULL,
    event TEXT NOT NULL,
    detail TEXT NOT NULL
);
CREATE INDEX radkick_journal_user ON radkick_journal (user_name, at);

-- A brake that has tripped, until a person confirms it.
CREATE TABLE radkick_brake (
    name TEXT PRIMARY KEY,
    tripped_at INTEGER NOT NULL,
    detail TEXT NOT NULL,
    confirmed_at INTEGER
);
