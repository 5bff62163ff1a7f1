//! The queries: what a Start, an Interim-Update, a Stop and an Accounting-On do to `radacct`.

use sqlx::SqlitePool;

use super::record::{Record, Status};

/// Where a row stands when a record makes it.
struct NewRow<'a> {
    start: i64,
    stop: Option<i64>,
    session_time: Option<i64>,
    connect_info: [&'a str; 2],
    octets: [i64; 2],
    terminate_cause: &'a str,
}

/// Writes one record. The same record again changes nothing more.
pub(super) async fn write(pool: &SqlitePool, record: &Record) -> sqlx::Result<()> {
    match record.status {
        Status::Start => start(pool, record).await,
        Status::InterimUpdate => interim_update(pool, record).await,
        Status::Stop => stop(pool, record).await,
        Status::Reload => reload(pool, record).await,
        Status::Other => Ok(()),
    }
}

async fn start(pool: &SqlitePool, record: &Record) -> sqlx::Result<()> {
    let row = NewRow {
        start: record.at,
        stop: None,
        session_time: Some(0),
        connect_info: [&record.connect_info, ""],
        octets: [0, 0],
        terminate_cause: "",
    };
    if insert(pool, record, row).await? {
        return Ok(());
    }
    let update = "UPDATE radacct SET acctstarttime = ?1, acctupdatetime = ?1, connectinfo_start = ?2 \
                  WHERE acctuniqueid = ?3";
    let query = sqlx::query(update).bind(record.at).bind(&record.connect_info).bind(&record.acct_unique_id);
    query.execute(pool).await.map(drop)
}

async fn interim_update(pool: &SqlitePool, record: &Record) -> sqlx::Result<()> {
    let update = "UPDATE radacct SET acctupdatetime = ?1, acctinterval = 0, framedipaddress = ?2, \
                  framedipv6address = ?3, framedipv6prefix = ?4, framedinterfaceid = ?5, delegatedipv6prefix = ?6, \
                  acctsessiontime = ?7, acctinputoctets = ?8, acctoutputoctets = ?9 WHERE acctuniqueid = ?10";
    let query = sqlx::query(update)
        .bind(record.at)
        .bind(&record.framed_ip_address)
        .bind(&record.framed_ipv6_address)
        .bind(&record.framed_ipv6_prefix)
        .bind(&record.framed_interface_id)
        .bind(&record.delegated_ipv6_prefix)
        .bind(record.session_time)
        .bind(record.input_octets)
        .bind(record.output_octets)
        .bind(&record.acct_unique_id);
    if query.execute(pool).await?.rows_affected() > 0 {
        return Ok(());
    }
    let row = NewRow { stop: None, connect_info: [&record.connect_info, ""], terminate_cause: "", ..late(record) };
    insert(pool, record, row).await.map(drop)
}

async fn stop(pool: &SqlitePool, record: &Record) -> sqlx::Result<()> {
    let update = "UPDATE radacct SET acctstoptime = ?1, acctsessiontime = ?2, acctinputoctets = ?3, \
                  acctoutputoctets = ?4, acctterminatecause = ?5, connectinfo_stop = ?6 WHERE acctuniqueid = ?7";
    let query = sqlx::query(update)
        .bind(record.at)
        .bind(record.session_time)
        .bind(record.input_octets)
        .bind(record.output_octets)
        .bind(&record.terminate_cause)
        .bind(&record.connect_info)
        .bind(&record.acct_unique_id);
    if query.execute(pool).await?.rows_affected() > 0 {
        return Ok(());
    }
    insert(pool, record, late(record)).await.map(drop)
}

/// The NAS came up, or goes down: its open rows are closed as they stand.
async fn reload(pool: &SqlitePool, record: &Record) -> sqlx::Result<()> {
    let update = "UPDATE radacct SET acctstoptime = ?1, acctsessiontime = ?1 - acctstarttime, \
                  acctterminatecause = ?2 WHERE acctstoptime IS NULL AND nasipaddress = ?3 AND acctstarttime <= ?1";
    let query = sqlx::query(update).bind(record.at).bind(&record.terminate_cause).bind(&record.nas_ip_address);
    query.execute(pool).await.map(drop)
}

/// The row of a session whose Start never came, as its Stop tells it.
fn late(record: &Record) -> NewRow<'_> {
    NewRow {
        start: record.at - record.session_time.unwrap_or(0),
        stop: Some(record.at),
        session_time: record.session_time,
        connect_info: ["", &record.connect_info],
        octets: [record.input_octets, record.output_octets],
        terminate_cause: &record.terminate_cause,
    }
}

/// Inserts a row, unless its `acctuniqueid` is there; says whether it did.
async fn insert(pool: &SqlitePool, record: &Record, row: NewRow<'_>) -> sqlx::Result<bool> {
    let insert = "INSERT INTO radacct (acctsessionid, acctuniqueid, username, realm, nasipaddress, nasportid, \
                  nasporttype, acctstarttime, acctupdatetime, acctstoptime, acctsessiontime, acctauthentic, \
                  connectinfo_start, connectinfo_stop, acctinputoctets, acctoutputoctets, calledstationid, \
                  callingstationid, acctterminatecause, servicetype, framedprotocol, framedipaddress, \
                  framedipv6address, framedipv6prefix, framedinterfaceid, delegatedipv6prefix) \
                  VALUES (?, ?, ?, '', ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) \
                  ON CONFLICT (acctuniqueid) DO NOTHING";
    let query = sqlx::query(insert)
        .bind(&record.acct_session_id)
        .bind(&record.acct_unique_id)
        .bind(&record.user_name)
        .bind(&record.nas_ip_address)
        .bind(&record.nas_port_id)
        .bind(&record.nas_port_type)
        .bind(row.start)
        .bind(record.at)
        .bind(row.stop)
        .bind(row.session_time)
        .bind(&record.authentic)
        .bind(row.connect_info[0])
        .bind(row.connect_info[1])
        .bind(row.octets[0])
        .bind(row.octets[1])
        .bind(&record.called_station_id)
        .bind(&record.calling_station_id)
        .bind(row.terminate_cause)
        .bind(&record.service_type)
        .bind(&record.framed_protocol)
        .bind(&record.framed_ip_address)
        .bind(&record.framed_ipv6_address)
        .bind(&record.framed_ipv6_prefix)
        .bind(&record.framed_interface_id)
        .bind(&record.delegated_ipv6_prefix);
    Ok(query.execute(pool).await?.rows_affected() > 0)
}
