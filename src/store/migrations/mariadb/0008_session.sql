-- What the ledger knows of one session. closed_at is null while it is open; account is JSON. Ids and names are octets: no
-- collation that both servers know keeps a name apart from the same one with a blank behind it.
CREATE TABLE IF NOT EXISTS radkick_session (
    acct_unique_id VARBINARY(1012) NOT NULL PRIMARY KEY,
    user_name VARBINARY(1012) NOT NULL,
    row_id BIGINT NOT NULL,
    closed_at BIGINT,
    account LONGTEXT NOT NULL,
    KEY radkick_session_closed (closed_at, acct_unique_id, row_id),
    KEY radkick_session_user (user_name, closed_at)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin ROW_FORMAT = DYNAMIC;
