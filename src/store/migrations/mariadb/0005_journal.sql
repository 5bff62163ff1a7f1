-- What was done and what became of it. detail is JSON.
CREATE TABLE IF NOT EXISTS radkick_journal (
    id BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
    at BIGINT NOT NULL,
    actor VARCHAR(253) NOT NULL,
    user_name VARCHAR(253) NOT NULL,
    event VARCHAR(64) NOT NULL,
    detail LONGTEXT NOT NULL,
    KEY radkick_journal_user (user_name, at)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin ROW_FORMAT = DYNAMIC;
