-- How far the ledger has read radacct (detail is JSON, null before the first step), and who may write it. One row.
CREATE TABLE IF NOT EXISTS radkick_feed (
    id BIGINT NOT NULL PRIMARY KEY,
    detail LONGTEXT,
    lease_holder VARCHAR(253),
    lease_until BIGINT NOT NULL DEFAULT 0,
    lease_token BIGINT NOT NULL DEFAULT 0
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin ROW_FORMAT = DYNAMIC;
