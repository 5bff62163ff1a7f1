-- A brake that has tripped, until a person confirms it.
CREATE TABLE IF NOT EXISTS radkick_brake (
    name VARCHAR(64) NOT NULL PRIMARY KEY,
    tripped_at BIGINT NOT NULL,
    detail TEXT NOT NULL,
    confirmed_at BIGINT
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin ROW_FORMAT = DYNAMIC;
