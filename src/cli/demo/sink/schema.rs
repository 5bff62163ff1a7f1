//! FreeRADIUS' tables on SQLite: the columns, types, defaults and indexes of its stock schema.
//!
//! `radpostauth` and `nasreload` are left out: nothing here reads them.

use sqlx::SqlitePool;

const STATEMENTS: [&str; 27] = [
    "CREATE TABLE radacct ( \
     radacctid INTEGER PRIMARY KEY AUTOINCREMENT, acctsessionid varchar(64) NOT NULL DEFAULT '', \
     acctuniqueid varchar(32) NOT NULL DEFAULT '', username varchar(64) NOT NULL DEFAULT '', \
     realm varchar(64) DEFAULT '', nasipaddress varchar(15) NOT NULL DEFAULT '', nasportid varchar(32), \
     nasporttype varchar(32), acctstarttime datetime, acctupdatetime datetime, acctstoptime datetime, \
     acctinterval int(12), acctsessiontime int(12), acctauthentic varchar(32), \
     connectinfo_start varchar(128), connectinfo_stop varchar(128), acctinputoctets bigint(20), \
     acctoutputoctets bigint(20), calledstationid varchar(50) NOT NULL DEFAULT '', \
     callingstationid varchar(50) NOT NULL DEFAULT '', acctterminatecause varchar(32) NOT NULL DEFAULT '', \
     servicetype varchar(32), framedprotocol varchar(32), framedipaddress varchar(15) NOT NULL DEFAULT '', \
     framedipv6address varchar(45) NOT NULL DEFAULT '', framedipv6prefix varchar(45) NOT NULL DEFAULT '', \
     framedinterfaceid varchar(44) NOT NULL DEFAULT '', delegatedipv6prefix varchar(45) NOT NULL DEFAULT '', \
     class varchar(64))",
    "CREATE UNIQUE INDEX acctuniqueid ON radacct (acctuniqueid)",
    "CREATE INDEX username ON radacct (username)",
    "CREATE INDEX framedipaddress ON radacct (framedipaddress)",
    "CREATE INDEX framedipv6address ON radacct (framedipv6address)",
    "CREATE INDEX framedipv6prefix ON radacct (framedipv6prefix)",
    "CREATE INDEX framedinterfaceid ON radacct (framedinterfaceid)",
    "CREATE INDEX delegatedipv6prefix ON radacct (delegatedipv6prefix)",
    "CREATE INDEX acctsessionid ON radacct (acctsessionid)",
    "CREATE INDEX acctsessiontime ON radacct (acctsessiontime)",
    "CREATE INDEX acctstarttime ON radacct (acctstarttime)",
    "CREATE INDEX acctinterval ON radacct (acctinterval)",
    "CREATE INDEX acctstoptime ON radacct (acctstoptime)",
    "CREATE INDEX nasipaddress ON radacct (nasipaddress)",
    "CREATE INDEX class ON radacct (class)",
    "CREATE TABLE radcheck ( \
     id INTEGER PRIMARY KEY AUTOINCREMENT, username varchar(64) NOT NULL DEFAULT '', \
     attribute varchar(64) NOT NULL DEFAULT '', op char(2) NOT NULL DEFAULT '==', \
     value varchar(253) NOT NULL DEFAULT '')",
    "CREATE INDEX check_username ON radcheck (username)",
    "CREATE TABLE radreply ( \
     id INTEGER PRIMARY KEY AUTOINCREMENT, username varchar(64) NOT NULL DEFAULT '', \
     attribute varchar(64) NOT NULL DEFAULT '', op char(2) NOT NULL DEFAULT '=', \
     value varchar(253) NOT NULL DEFAULT '')",
    "CREATE INDEX reply_username ON radreply (username)",
    "CREATE TABLE radgroupcheck ( \
     id INTEGER PRIMARY KEY AUTOINCREMENT, groupname varchar(64) NOT NULL DEFAULT '', \
     attribute varchar(64) NOT NULL DEFAULT '', op char(2) NOT NULL DEFAULT '==', \
     value varchar(253) NOT NULL DEFAULT '')",
    "CREATE INDEX check_groupname ON radgroupcheck (groupname)",
    "CREATE TABLE radgroupreply ( \
     id INTEGER PRIMARY KEY AUTOINCREMENT, groupname varchar(64) NOT NULL DEFAULT '', \
     attribute varchar(64) NOT NULL DEFAULT '', op char(2) NOT NULL DEFAULT '=', \
     value varchar(253) NOT NULL DEFAULT '')",
    "CREATE INDEX reply_groupname ON radgroupreply (groupname)",
    "CREATE TABLE radusergroup ( \
     id INTEGER PRIMARY KEY AUTOINCREMENT, username varchar(64) NOT NULL DEFAULT '', \
     groupname varchar(64) NOT NULL DEFAULT '', priority int(11) NOT NULL DEFAULT 1)",
    "CREATE INDEX usergroup_username ON radusergroup (username)",
    "CREATE TABLE nas ( \
     id INTEGER PRIMARY KEY AUTOINCREMENT, nasname varchar(128) NOT NULL, shortname varchar(32), \
     type varchar(30) DEFAULT 'other', ports int(5), secret varchar(60) NOT NULL DEFAULT 'secret', \
     server varchar(64), community varchar(50), description varchar(200) DEFAULT 'RADIUS Client')",
    "CREATE INDEX nasname ON nas (nasname)",
];

/// Makes the tables `radacct`, `radcheck`, `radreply`, `radgroupcheck`, `radgroupreply`, `radusergroup` and `nas` in an
/// empty database.
///
/// # Errors
/// When a statement fails: a table of that name is there already, or the file cannot be written.
pub async fn create_schema(pool: &SqlitePool) -> sqlx::Result<()> {
    for statement in STATEMENTS {
        sqlx::query(statement).execute(pool).await?;
    }
    Ok(())
}
