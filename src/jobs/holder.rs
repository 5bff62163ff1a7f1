//! Who holds a lease: this process, told apart from every other, dead ones included.

use std::fs;

/// Names this process: host, process namespace, process id, and when it started (so that a reused id is another).
#[must_use]
pub fn this_process() -> String {
    let host = fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    let namespace = fs::read_link("/proc/self/ns/pid").map(|path| path.display().to_string()).unwrap_or_default();
    let id = std::process::id();
    format!("{} {namespace} {id} {}", host.trim(), started(id).unwrap_or_default())
}

/// Whether `holder` is known to be dead: of this host and namespace, and no process of its id and start is left. Anyone
/// else's lease has to run out.
#[must_use]
pub fn is_dead(holder: &str) -> bool {
    let this = this_process();
    let (Some((place, _, _)), Some((other_place, id, start))) = (parts(&this), parts(holder)) else { return false };
    // Where /proc hides other users' processes (hidepid) nobody can be told dead: process 1 is always another's there
    let all_are_seen = started(1).is_some();
    place == other_place && all_are_seen && id.parse().is_ok_and(|id| started(id).as_deref() != Some(start))
}

/// Host and namespace, process id, start.
fn parts(holder: &str) -> Option<(&str, &str, &str)> {
    let (rest, start) = holder.rsplit_once(' ')?;
    let (place, id) = rest.rsplit_once(' ')?;
    Some((place, id, start))
}

/// When the process started, in clock ticks since boot: field 22 of /proc/PID/stat, the 20th behind the name.
fn started(id: u32) -> Option<String> {
    let stat = fs::read_to_string(format!("/proc/{id}/stat")).ok()?;
    let (_, behind_name) = stat.rsplit_once(") ")?;
    behind_name.split(' ').nth(19).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_process_lives_and_one_that_never_was_does_not() {
        let this = this_process();
        assert!(!is_dead(&this));
        let (rest, _) = this.rsplit_once(' ').unwrap();
        assert!(is_dead(&format!("{rest} 1")), "the same id, started at another time");
        assert!(!is_dead("elsewhere pid:[1] 1 1"), "another host's lease has to run out");
        assert!(!is_dead("nonsense"));
    }
}
