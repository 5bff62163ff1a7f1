-- What radkick needs on MariaDB 10.4 or later, or MySQL 8: no more than this. radkick's own tests run with exactly these rights.
--
--   1. Here: put a password in place of CHANGE-ME (also in [database] url, best as ${VARIABLE}), the name of FreeRADIUS'
--      database in place of radius where it differs, the names of its tables if sql.conf gives them others, and the host
--      that radkick comes from in place of localhost if that is another machine.
--   2. mariadb < mariadb.sql        (as an administrator)
--   3. radkick check                (names what is missing)
--
-- The user logs in by mysql_native_password: neither ed25519 nor unix_socket is understood. On MySQL 8 leave
-- `IDENTIFIED VIA ...` as it stands below (`IDENTIFIED BY`), which gives caching_sha2_password there: it needs TLS
-- (`?ssl-mode=REQUIRED` behind the URL).

CREATE USER IF NOT EXISTS 'radkick'@'localhost' IDENTIFIED BY 'CHANGE-ME';

-- FreeRADIUS' tables. Sessions are read; a row whose session is proven off and whose Stop never came is closed
-- ([accounting] close_rows = "never" makes do without the UPDATE).
GRANT SELECT, UPDATE (acctstoptime, acctsessiontime, acctterminatecause) ON radius.radacct TO 'radkick'@'localhost';

-- Limits are read from these. A block inserts and deletes single rows of its own; `[block] mode = "remove"` those that
-- let a user in.
GRANT SELECT, INSERT, DELETE ON radius.radcheck TO 'radkick'@'localhost';
GRANT SELECT, INSERT, DELETE ON radius.radreply TO 'radkick'@'localhost';
GRANT SELECT, INSERT, DELETE ON radius.radusergroup TO 'radkick'@'localhost';
GRANT SELECT ON radius.radgroupcheck TO 'radkick'@'localhost';
GRANT SELECT ON radius.radgroupreply TO 'radkick'@'localhost';

-- Addresses and secrets of the NAS.
GRANT SELECT ON radius.nas TO 'radkick'@'localhost';

-- radkick's own tables, which it makes and upgrades itself. CREATE, ALTER, INDEX and REFERENCES may be taken away once they
-- are made, until the next upgrade.
GRANT SELECT, INSERT, UPDATE, DELETE, CREATE, ALTER, INDEX, REFERENCES ON radius.radkick_migrations TO 'radkick'@'localhost';
GRANT SELECT, INSERT, UPDATE, DELETE, CREATE, ALTER, INDEX, REFERENCES ON radius.radkick_job TO 'radkick'@'localhost';
GRANT SELECT, INSERT, UPDATE, DELETE, CREATE, ALTER, INDEX, REFERENCES ON radius.radkick_target TO 'radkick'@'localhost';
GRANT SELECT, INSERT, UPDATE, DELETE, CREATE, ALTER, INDEX, REFERENCES ON radius.radkick_block TO 'radkick'@'localhost';
GRANT SELECT, INSERT, UPDATE, DELETE, CREATE, ALTER, INDEX, REFERENCES ON radius.radkick_block_row TO 'radkick'@'localhost';
GRANT SELECT, INSERT, UPDATE, DELETE, CREATE, ALTER, INDEX, REFERENCES ON radius.radkick_journal TO 'radkick'@'localhost';
GRANT SELECT, INSERT, UPDATE, DELETE, CREATE, ALTER, INDEX, REFERENCES ON radius.radkick_brake TO 'radkick'@'localhost';
GRANT SELECT, INSERT, UPDATE, DELETE, CREATE, ALTER, INDEX, REFERENCES ON radius.radkick_feed TO 'radkick'@'localhost';
GRANT SELECT, INSERT, UPDATE, DELETE, CREATE, ALTER, INDEX, REFERENCES ON radius.radkick_session TO 'radkick'@'localhost';
GRANT SELECT, INSERT, UPDATE, DELETE, CREATE, ALTER, INDEX, REFERENCES ON radius.radkick_usage TO 'radkick'@'localhost';
GRANT SELECT, INSERT, UPDATE, DELETE, CREATE, ALTER, INDEX, REFERENCES ON radius.radkick_quota TO 'radkick'@'localhost';
