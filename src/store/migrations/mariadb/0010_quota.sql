-- Allowances given by hand. limit_octets is null for no limit.
CREATE TABLE IF NOT EXISTS radkick_quota (
    user_name VARBINARY(1012) NOT NULL PRIMARY KEY,
    limit_octets BIGINT,
    topup_octets BIGINT NOT NULL,
    topup_start BIGINT NOT NULL,
    period TEXT,
    since BIGINT,
    expires_at BIGINT,
    subject VARBINARY(1012),
    changed_at BIGINT NOT NULL,
    changed_by TEXT NOT NULL,
    KEY radkick_quota_subject (subject)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin ROW_FORMAT = DYNAMIC;
