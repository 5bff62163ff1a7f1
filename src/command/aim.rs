//! Which sessions are meant. Refuses to guess.

use std::collections::BTreeSet;

use crate::disconnect::Directory;
use crate::jobs::Selection;
use crate::store::{Accounting, SessionRow, StoreError};

use super::{Disconnect, Exit};

/// Which sessions are meant, or why that cannot be told.
#[derive(Debug)]
pub enum Aim {
    /// These, as they stand now.
    At {
        /// What makes them out.
        selection: Selection,
        /// Their rows.
        sessions: Vec<SessionRow>,
    },
    /// Why it cannot be told, and the exit code that it means.
    Refused(Exit, String),
}

/// Finds the open sessions that are meant.
///
/// # Errors
/// When FreeRADIUS' database cannot be asked.
pub async fn aim(args: &Disconnect, accounting: &Accounting, directory: &Directory) -> Result<Aim, StoreError> {
    let open = accounting.open_sessions(&args.user).await?;
    let mut selection = Selection {
        session: args.session.clone(),
        mac: args.mac.clone(),
        ip: args.ip.map(|address| address.to_string()),
        ..Selection::default()
    };
    if let Some(name) = &args.nas {
        if !directory.knows(name) {
            return Ok(Aim::Refused(Exit::Unknown, format!("NAS {name} is unknown: {}", directory.names_text())));
        }
        let on = |session: &&SessionRow| directory.resolve(session).is_ok_and(|nas| nas.name == *name);
        let mark = |session: &SessionRow| (session.nas_ip_address.clone(), session.called_station_id.clone());
        selection.nas = Some(open.iter().filter(on).map(mark).collect());
    }
    let sessions: Vec<SessionRow> = open.into_iter().filter(|session| selection.holds(session)).collect();
    let places: BTreeSet<String> = sessions.iter().map(|session| place(session, directory)).collect();
    if let (Some(id), true) = (&args.session, places.len() > 1) {
        let candidates = places.into_iter().collect::<Vec<_>>().join(", ");
        let why = format!(
            "session {id} of user {} stands on more than one NAS: {candidates}; say which with --nas",
            args.user
        );
        return Ok(Aim::Refused(Exit::Usage, why));
    }
    if let (Some(id), true) = (&args.session, sessions.is_empty()) {
        return Ok(Aim::Refused(Exit::Unknown, format!("user {} has no open session {id:?}", args.user)));
    }
    Ok(Aim::At { selection, sessions })
}

/// The NAS of a session, as `--nas` takes it; as radacct names it where that is not to be told.
fn place(session: &SessionRow, directory: &Directory) -> String {
    match directory.resolve(session) {
        Ok(nas) => nas.name,
        Err(_) => format!("{:?} (Called-Station-Id {:?})", session.nas_ip_address, session.called_station_id),
    }
}
