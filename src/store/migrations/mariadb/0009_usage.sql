-- What a user used in one slot of time: octets, seconds, and octets that may belong to a later slot.
CREATE TABLE IF NOT EXISTS radkick_usage (
    user_name VARBINARY(1012) NOT NULL,
    zone VARBINARY(1012) NOT NULL,
    slot BIGINT NOT NULL,
    origin VARCHAR(16) NOT NULL,
    input BIGINT NOT NULL,
    output BIGINT NOT NULL,
    seconds BIGINT NOT NULL,
    estimated BIGINT NOT NULL,
    PRIMARY KEY (user_name, zone, slot, origin)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin ROW_FORMAT = DYNAMIC;
