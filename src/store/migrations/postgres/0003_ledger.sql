-- How far the ledger has read radacct (detail is JSON, null before the first step), and who may write it. One row.
CREATE TABLE radkick_feed (
    id BIGINT PRIMARY KEY CHECK (id = 1),
    detail TEXT,
    lease_holder TEXT,
    lease_until BIGINT NOT NULL DEFAULT 0,
    lease_token BIGINT NOT NULL DEFAULT 0
);

-- What the ledger knows of one session. closed_at is null while it is open; account is JSON. Two partial indexes: one over
-- both would be sorted for each page of the open ones.
CREATE TABLE radkick_session (
    acct_unique_id TEXT COLLATE "C" PRIMARY KEY,
    user_name TEXT COLLATE "C" NOT NULL,
    row_id BIGINT NOT NULL,
    closed_at BIGINT,
    account TEXT NOT NULL
);
CREATE INDEX radkick_session_open ON radkick_session (acct_unique_id) WHERE closed_at IS NULL;
CREATE INDEX radkick_session_closed ON radkick_session (closed_at, acct_unique_id) INCLUDE (row_id)
    WHERE closed_at IS NOT NULL;
CREATE INDEX radkick_session_user ON radkick_session (user_name, closed_at);

-- What a user used in one slot of time: octets, seconds, and octets that may belong to a later slot.
CREATE TABLE radkick_usage (
    user_name TEXT COLLATE "C" NOT NULL,
    zone TEXT COLLATE "C" NOT NULL,
    slot BIGINT NOT NULL,
    origin TEXT COLLATE "C" NOT NULL,
    input BIGINT NOT NULL,
    output BIGINT NOT NULL,
    seconds BIGINT NOT NULL,
    estimated BIGINT NOT NULL,
    PRIMARY KEY (user_name, zone, slot, origin)
);

-- Allowances given by hand. limit_octets is null for no limit.
CREATE TABLE radkick_quota (
    user_name TEXT COLLATE "C" PRIMARY KEY,
    limit_octets BIGINT,
    topup_octets BIGINT NOT NULL,
    topup_start BIGINT NOT NULL,
    period TEXT,
    since BIGINT,
    expires_at BIGINT,
    subject TEXT COLLATE "C",
    changed_at BIGINT NOT NULL,
    changed_by TEXT NOT NULL
);
CREATE INDEX radkick_quota_subject ON radkick_quota (subject) WHERE subject IS NOT NULL;
