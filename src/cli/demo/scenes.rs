//! The six scenes: what each claims, and the checks behind every claim.

use crate::cli::person::{duration, octets};
use crate::clock::Clock;
use crate::disconnect::AttemptOutcome;
use crate::radius::{AttributeType, ErrorCause};

use super::cast::{ADA_DOT_OBI, ADA_OBI, BAYO, CHIDI, DAYO, LIMIT, User};
use super::cut::{Cut, deleted, ends_a_session, rest_log};
use super::narrator::Narrator;
use super::stage::Stage;
use super::story::{FINAL, MODEST, Notes, REPORTED, UNDER};
use super::tables::{AcctRow, Login};

/// A hotspot user crosses the limit.
pub(super) async fn over_the_limit(stage: &Stage, notes: &Notes, narrator: &mut Narrator) -> anyhow::Result<()> {
    narrator.scene(1, "A hotspot user crosses the limit")?;
    let (used, limit) = (octets(UNDER), octets(LIMIT));
    narrator.tell(&format!("   ada_obi is on the hotspot of R1-Uyo. Her limit is {limit}: Max-Octets in radcheck."))?;
    let quiet = notes.quiet.reports.is_empty() && notes.asked_by_then == (0, 0);
    let claim = format!("At {used} the first cycle of the worker left her alone: no router was asked for anything");
    narrator.claim(&claim, quiet, format!("{:?}, asked {:?}", notes.quiet.reports, notes.asked_by_then))?;

    let cut = notes.cut(ADA_OBI);
    let login = stage.tables.login(ADA_OBI.name).await?;
    let new: Vec<_> = login.check.iter().filter(|row| !notes.before.0.check.contains(row)).collect();
    let rejected = matches!(new[..], [row] if row.attribute == "Auth-Type" && row.value == "Reject");
    let row = new.first().map(ToString::to_string).unwrap_or_default();
    let claim = format!("At {} it closed her login. New in radcheck: {row}", octets(REPORTED));
    narrator.claim(&claim, rejected && cut.found_over(), format!("{login:?}; {cut}"))?;

    let router = stage.router(ADA_OBI);
    let acked = cut.tried(&[("radius", AttemptOutcome::Ack)]) && router.counters().acks == 1;
    let claim = format!("Disconnect-Request to {}: ACK after {}", router.coa_addr(), cut.round_trip());
    narrator.claim(&claim, acked, format!("{cut}; {:?}", router.counters()))?;
    ended(narrator, &cut, "radius", "accounting_stop", "the router's Accounting-Stop")?;

    let row = stage.tables.session(ADA_OBI.name).await?;
    let closed = is_closed(row.as_ref(), FINAL);
    let claim = format!("radacct row closed at {} octets; {} were last reported", grouped(FINAL), grouped(REPORTED));
    Ok(narrator.claim(&claim, closed, format!("{row:?}"))?)
}

/// A user on a router that takes no Disconnect-Request.
pub(super) async fn closed_incoming(stage: &Stage, notes: &Notes, narrator: &mut Narrator) -> anyhow::Result<()> {
    narrator.scene(2, "A router whose RADIUS incoming is closed")?;
    narrator.tell("   bayo dials in over PPPoE. His router, R2-Eket, does not listen for Disconnect-Requests.")?;
    let (cut, router) = (notes.cut(BAYO), stage.router(BAYO));
    let tries = cut.attempts.first().map_or(0, |attempt| attempt.transmissions);
    let fell_back = cut.tried(&[("radius", AttemptOutcome::NoReply), ("rest", AttemptOutcome::Removed)]);
    let claim = format!("Disconnect-Request sent {tries} times, no reply");
    narrator.claim(&claim, fell_back && tries > 1 && router.counters().requests == 0, &cut)?;
    removed(narrator, stage, BAYO)?;
    ended(narrator, &cut, "rest", "absent_from_router", "the router's own list, which no longer has it")?;

    let row = stage.tables.session(BAYO.name).await?;
    let age = row.as_ref().map_or(0, |row| Clock.epoch() - row.start);
    let claim = format!("The absence counts: after {} online, the session must have been on that list", duration(age));
    narrator.claim(&claim, age >= 60 && stage.listed(BAYO).is_none(), format!("{row:?}"))?;
    let was_open = notes.bayo_after.as_ref().is_some_and(|row| row.stop.is_none());
    let closed = was_open && is_closed(row.as_ref(), REPORTED);
    let claim =
        format!("R2-Eket lost the Accounting-Stop: radkick closed the row itself, at {} octets", grouped(REPORTED));
    Ok(narrator.claim(&claim, closed, format!("{:?}, then {row:?}", notes.bayo_after))?)
}

/// A user of nearly the same name.
pub(super) async fn nearly_the_same_name(stage: &Stage, notes: &Notes, narrator: &mut Narrator) -> anyhow::Result<()> {
    narrator.scene(3, "A user of nearly the same name")?;
    narrator.tell("   ada.obi (with a dot) is on the same hotspot, and under the limit.")?;
    let router = stage.router(ADA_DOT_OBI);
    let listed = stage.listed(ADA_DOT_OBI);
    let row = stage.tables.session(ADA_DOT_OBI.name).await?;
    let open = row.as_ref().is_some_and(|row| row.stop.is_none() && row.octets == as_stored(MODEST));
    let (used, limit) = (octets(MODEST), octets(LIMIT));
    let claim = format!("{used} of {limit} used: still on R1-Uyo's list, radacct row still open");
    narrator.claim(&claim, listed.is_some() && open, format!("{listed:?}, {row:?}"))?;

    let named: Vec<_> = router
        .requests()
        .iter()
        .filter_map(|request| request.attributes.first_text(AttributeType::USER_NAME))
        .collect();
    let spared = !named.is_empty() && named.iter().all(|name| name == ADA_OBI.name) && deleted(router).is_none();
    let claim = "No Disconnect-Request and no DELETE: what R1-Uyo was sent names ada_obi alone";
    narrator.claim(claim, spared, format!("{named:?}, {}", rest_log(router)))?;
    let login = stage.tables.login(ADA_DOT_OBI.name).await?;
    let claim = format!("radcheck and radreply as before, byte for byte ({} rows)", rows(&login));
    Ok(narrator.claim(&claim, login == notes.before.1 && rows(&login) > 0, format!("{login:?}"))?)
}

/// An ACK that somebody made without the secret comes before the router's own answer.
pub(super) fn forged_answer(stage: &Stage, notes: &Notes, narrator: &mut Narrator) -> anyhow::Result<()> {
    narrator.scene(4, "A forged answer")?;
    narrator.tell("   R3-Ikot will refuse to cut chidi off: the request, set up so, lacks Framed-IP-Address.")?;
    narrator.tell("   Ahead of its NAK comes an ACK, forged by somebody who does not know the secret.")?;
    let (cut, router) = (notes.cut(CHIDI), stage.router(CHIDI));
    let discarded = stage.agent.discarded();
    let cause = cut.attempts.first().and_then(|attempt| attempt.error_cause).map(ErrorCause);
    let tried = cut.tried(&[("radius", AttemptOutcome::Nak), ("rest", AttemptOutcome::Removed)]);
    let counters = router.counters();
    let honest = discarded > 0 && counters.acks == 0 && counters.naks > 0;
    let cause = cause.map(|cause| cause.to_string()).unwrap_or_default();
    let claim = format!("The forged ACK was discarded; the router's own answer counted: NAK {cause}");
    narrator.claim(&claim, tried && honest, format!("{cut}; {counters:?}, {discarded} discarded"))?;
    removed(narrator, stage, CHIDI)?;
    ended(narrator, &cut, "rest", "accounting_stop", "the router's Accounting-Stop")
}

/// A router that says ACK and does nothing.
pub(super) fn empty_ack(stage: &Stage, notes: &Notes, narrator: &mut Narrator) -> anyhow::Result<()> {
    narrator.scene(5, "A router that says ACK and does nothing")?;
    narrator.tell("   dayo is on R4-Oron, which acknowledges every Disconnect-Request and ends no session.")?;
    let (cut, router) = (notes.cut(DAYO), stage.router(DAYO));
    let tried = cut.tried(&[("radius", AttemptOutcome::Ack), ("rest", AttemptOutcome::Removed)]);
    let log = router.rest_log();
    let looked = log.iter().take_while(|request| !ends_a_session(request)).any(|request| request.status == Some(200));
    let claim = format!("ACK after {}, but R4-Oron's list still had the session: not believed", cut.round_trip());
    narrator.claim(&claim, tried && looked && router.counters().acks > 0, format!("{cut}; {}", rest_log(router)))?;
    removed(narrator, stage, DAYO)?;
    ended(narrator, &cut, "rest", "accounting_stop", "the router's Accounting-Stop")
}

/// A user pays, and is let in again.
pub(super) async fn top_up(stage: &Stage, notes: &Notes, narrator: &mut Narrator) -> anyhow::Result<()> {
    narrator.scene(6, "A top-up")?;
    let limit = LIMIT * 2;
    narrator.tell(&format!("   ada_obi pays: Max-Octets in radcheck goes up to {}.", octets(limit)))?;
    stage.tables.top_up(ADA_OBI.name, limit).await?;
    let outcome = stage.cycle().await?;
    let restored = outcome.restored.iter().any(|user| user.as_str() == ADA_OBI.name);
    let login = stage.tables.login(ADA_OBI.name).await?;
    let rejected = login.check.iter().any(|row| row.value == "Reject");
    let claim = "The next cycle opened the login: the Reject row is gone";
    narrator.claim(claim, restored && !rejected, format!("{:?}, {login:?}", outcome.restored))?;
    let mut expected = notes.before.0.clone();
    for row in expected.check.iter_mut().filter(|row| row.attribute == "Max-Octets") {
        row.value = limit.to_string();
    }
    let claim = "radcheck and radreply as before the block, byte for byte, but for the new limit";
    narrator.claim(claim, login == expected, format!("{login:?} instead of {expected:?}"))?;

    stage.router(ADA_OBI).login(ADA_OBI.session());
    stage.settle().await;
    let asked = stage.asked();
    stage.cycle().await?;
    let online = stage.listed(ADA_OBI);
    let id = online.as_ref().map(|session| session.acct_session_id.clone()).unwrap_or_default();
    let claim = format!("Online again (session {id}), and the cycle after that left her alone");
    Ok(narrator.claim(
        &claim,
        online.is_some() && stage.asked() == asked,
        format!("{online:?}, {:?}", stage.asked()),
    )?)
}

fn ended(narrator: &mut Narrator, cut: &Cut, path: &str, evidence: &str, proof: &str) -> anyhow::Result<()> {
    let claim = format!("Ended; the proof is {proof} ({evidence})");
    Ok(narrator.claim(&claim, cut.ended(path, evidence), cut)?)
}

fn removed(narrator: &mut Narrator, stage: &Stage, user: User) -> anyhow::Result<()> {
    let router = stage.router(user);
    let path = deleted(router);
    let claim = format!("Cut over REST instead: DELETE {} answered 204", path.as_deref().unwrap_or("?"));
    Ok(narrator.claim(&claim, path.is_some() && stage.listed(user).is_none(), rest_log(router))?)
}

fn is_closed(row: Option<&AcctRow>, octets: u64) -> bool {
    row.is_some_and(|row| row.stop.is_some() && row.octets == as_stored(octets) && row.terminate_cause == "Admin-Reset")
}

fn as_stored(octets: u64) -> i64 {
    i64::try_from(octets).unwrap_or(i64::MAX)
}

/// A number with its digits in groups of three.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let place = |index: usize| digits.len() - index;
    let group =
        |(index, digit): (usize, char)| (index > 0 && place(index) % 3 == 0).then_some(',').into_iter().chain([digit]);
    digits.chars().enumerate().flat_map(group).collect()
}

fn rows(login: &Login) -> usize {
    login.check.len() + login.reply.len()
}
