-- What radkick may do in FreeRADIUS' database on PostgreSQL (12 or later), and nothing more.
--
-- Run it with psql as the owner of FreeRADIUS' tables or as a superuser, once its schema.sql has been loaded. It can be
-- run again at any time:
--
--     sudo -u postgres psql -d radius -f postgres.sql
--     sudo -u postgres psql -d radius -c '\password radkick'
--
-- and then, in radkick.toml:
--
--     [database]
--     url = "postgres://radkick:${DB_PASS}@localhost/radius?sslmode=verify-full"
--
-- Where sql.conf names other tables, write those names here. `radkick check` says which right is missing.

\set ON_ERROR_STOP on

-- A login of radkick's own, without a password until \password gives it one.
DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'radkick') THEN
        CREATE ROLE radkick LOGIN;
    END IF;
END
$$;

GRANT CONNECT ON DATABASE :"DBNAME" TO radkick;
GRANT USAGE ON SCHEMA public TO radkick;

-- Sessions and octets, logins and limits, groups: read.
GRANT SELECT ON radacct, radcheck, radreply, radgroupcheck, radgroupreply, radusergroup TO radkick;

-- Where the routers are and their secrets: read, these columns alone.
GRANT SELECT (id, nasname, shortname, secret) ON nas TO radkick;

-- Blocking a login puts rows into these tables and takes them out again. radkick never changes a row in place.
GRANT INSERT, DELETE ON radcheck, radreply, radusergroup TO radkick;
GRANT USAGE ON SEQUENCE radcheck_id_seq, radreply_id_seq, radusergroup_id_seq TO radkick;

-- Only for close_rows = "proven" in [accounting]. On PostgreSQL the default is "never", for FreeRADIUS' own queries put an
-- Interim-Update into open rows only: whoever never closes rows here may strike this line.
GRANT UPDATE (acctstoptime, acctsessiontime, acctterminatecause) ON radacct TO radkick;

-- radkick's own tables, all named radkick_*, stand in a schema of the same name as the login. It comes first in the
-- search_path of that login by default ("$user", public), so that FreeRADIUS' schema stays as it is.
CREATE SCHEMA IF NOT EXISTS AUTHORIZATION radkick;
