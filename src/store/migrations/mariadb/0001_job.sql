-- One live job per user and reason; for a named session per Acct-Unique-Id (live_key is null once the job has ended).
CREATE TABLE IF NOT EXISTS radkick_job (
    id BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
    live_key VARCHAR(340) UNIQUE,
    user_name VARCHAR(253) NOT NULL,
    reason VARCHAR(64) NOT NULL,
    actor VARCHAR(253) NOT NULL,
    spec LONGTEXT NOT NULL,
    state VARCHAR(16) NOT NULL,
    attempts BIGINT NOT NULL DEFAULT 0,
    created_at BIGINT NOT NULL,
    retry_at BIGINT NOT NULL,
    lapses_at BIGINT NOT NULL,
    ended_at BIGINT,
    lease_holder VARCHAR(253),
    lease_until BIGINT NOT NULL DEFAULT 0,
    lease_token BIGINT NOT NULL DEFAULT 0,
    KEY radkick_job_user (user_name)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin ROW_FORMAT = DYNAMIC;
