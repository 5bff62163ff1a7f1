-- The rows of FreeRADIUS' tables that a block changed.
CREATE TABLE IF NOT EXISTS radkick_block_row (
    id BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
    block_id BIGINT NOT NULL,
    table_word VARCHAR(16) NOT NULL,
    present BOOLEAN NOT NULL,
    image LONGTEXT NOT NULL,
    ours BOOLEAN NOT NULL DEFAULT FALSE,
    KEY radkick_block_row_block (block_id),
    CONSTRAINT radkick_block_row_block FOREIGN KEY (block_id) REFERENCES radkick_block (id)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin ROW_FORMAT = DYNAMIC;
