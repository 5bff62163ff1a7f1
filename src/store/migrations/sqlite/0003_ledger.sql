-- How far the ledger has read radacct (detail is JSON, null before the first step), and who may write it. One row.
CREATE TABLE radkick_feed (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    detail TEXT,
    lease_holder TEXT,
    lease_until INTEGER NOT NULL DEFAULT 0,
    lease_token INTEGER NOT NULL DEFAULT 0
);

-- What the ledger knows of one session. closed_at is null while it is open; account is JSON.
CREATE TABLE radkick_session (
    acct_unique_id TEXT NOT NULL PRIMARY KEY,
    user_name TEXT NOT NULL,
    row_id INTEGER NOT NULL,
    closed_at INTEGER,
    account TEXT NOT NULL
);
CREATE INDEX radkick_session_closed ON radkick_session (closed_at, acct_unique_id, row_id);
CREATE INDEX radkick_session_user ON radkick_session (user_name, closed_at);

-- What a user used in one slot of time: octets, seconds, and octets that may belong to a later slot.
CREATE TABLE radkick_usage (
    user_name TEXT NOT NULL,
    zone TEXT NOT NULL,
    slot INTEGER NOT NULL,
    origin TEXT NOT NULL,
    input INTEGER NOT NULL,
    output INTEGER NOT NULL,
    seconds INTEGER NOT NULL,
    estimated INTEGER NOT NULL,
    PRIMARY KEY (user_name, zone, slot, origin)
) WITHOUT ROWID;

-- Allowances given by hand. limit_octets is null for no limit.
CREATE TABLE radkick_quota (
    user_name TEXT NOT NULL PRIMARY KEY,
    limit_octets INTEGER,
    topup_octets INTEGER NOT NULL,
    topup_start INTEGER NOT NULL,
    period TEXT,
    since INTEGER,
    expires_at INTEGER,
    subject TEXT,
    changed_at INTEGER NOT NULL,
    changed_by TEXT NOT NULL
);
CREATE INDEX radkick_quota_subject ON radkick_quota (subject) WHERE subject IS NOT NULL;
