-- A closed login. live_user is there to be unique among blocks that are not released.
CREATE TABLE IF NOT EXISTS radkick_block (
    id BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
    user_name VARCHAR(253) NOT NULL,
    live_user VARCHAR(253) AS (IF(state = 'released', NULL, user_name)) STORED,
    reason VARCHAR(64) NOT NULL,
    actor VARCHAR(253) NOT NULL,
    mode VARCHAR(16) NOT NULL,
    state VARCHAR(16) NOT NULL,
    created_at BIGINT NOT NULL,
    changed_at BIGINT NOT NULL,
    UNIQUE KEY radkick_block_live (live_user),
    KEY radkick_block_user (user_name)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin ROW_FORMAT = DYNAMIC;
