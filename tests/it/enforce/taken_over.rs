//! Another process takes the ledger while a step is under way.
use super::{ENFORCE, ONCE, Used, customer};
use crate::disconnect::site::{PATIENT, Session, Site};
use crate::serve::Gate;

const ALICE: Session<'_> = Session::new("80a00001");
const AGAIN: Session<'_> = Session::new("80a00002");

/// What the step saw is counted in memory, and who is over is cut all the same; our tables are the other's.
#[test]
fn a_step_goes_on_in_memory_when_another_takes_the_ledger() {
    let (site, gate) = (Site::start(), Gate::new());
    site.configure(ENFORCE, &site.r1(PATIENT));
    customer(&site, "alice", ALICE, "999");
    assert!(site.reports(&ONCE, 0).is_empty(), "one octet is left");
    let counted = "SELECT input + output AS octets FROM radkick_usage WHERE user_name = 'alice'";
    let before = site.state_sql(counted);
    assert_eq!(before[0]["octets"], 999);
    site.open("alice", &AGAIN);
    site.server.account(&Used::octets("1").record("alice", AGAIN, "Interim-Update"));
    let running = gate.at("rows_seen", site.radkick(&ONCE)).spawn();
    running.wait_for_stderr("halted at a failpoint");
    let other =
        "lease_holder = 'elsewhere pid:[1] 1 1', lease_token = lease_token + 1, lease_until = unixepoch() + 600";
    site.state_sql(&format!("UPDATE radkick_feed SET {other};"));
    gate.open();
    let finished = running.finish();
    assert_eq!(finished.code, Some(0), "{finished:#?}");
    assert!([ALICE.id, AGAIN.id].iter().all(|id| finished.stdout.contains(id)), "{finished:#?}");
    assert_eq!(site.server.coa_requests().len(), 2);
    assert_eq!(site.state_sql(counted), before, "what is the other's");
    let holder = site.state_sql("SELECT lease_holder AS holder FROM radkick_feed");
    assert_eq!(holder[0]["holder"], "elsewhere pid:[1] 1 1");
}
