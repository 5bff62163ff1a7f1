-- One session that a job aims at. attempts is a JSON list, session the row of radacct as it was selected.
CREATE TABLE IF NOT EXISTS radkick_target (
    id BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
    job_id BIGINT NOT NULL,
    acct_unique_id VARCHAR(253) NOT NULL,
    session LONGTEXT NOT NULL,
    step VARCHAR(16) NOT NULL,
    selected_at BIGINT NOT NULL,
    effect_at BIGINT,
    on_router BOOLEAN NOT NULL DEFAULT FALSE,
    nas TEXT,
    attempts LONGTEXT NOT NULL,
    fate VARCHAR(64),
    path VARCHAR(64),
    evidence VARCHAR(64),
    problem TEXT,
    close_due_at BIGINT,
    UNIQUE KEY radkick_target_session (job_id, acct_unique_id),
    KEY radkick_target_close (close_due_at),
    KEY radkick_target_unique_id (acct_unique_id),
    CONSTRAINT radkick_target_job FOREIGN KEY (job_id) REFERENCES radkick_job (id)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin ROW_FORMAT = DYNAMIC;
