//! What dead NAS cost the healthy ones: exchanges with all of them through one socket, on a network that loses one packet
//! in ten, with the dead ones and without. Timed is until the last exchange with a healthy one has ended.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use radkick::clock::Clock;
use radkick::dynauth::{Outcome, Request, RetransmitPolicy};
use radkick::radius::Code;
use radkick::udp::UdpHandle;
use tokio::task::JoinSet;

use crate::Options;
use crate::fleet::Fleet;
use crate::packets::{attributes, secret};
use crate::verdict::{Bar, Figures, judge, say};

const NAS: u32 = 100;
const DEAD: u32 = 5;
/// At one NAS.
const IN_FLIGHT: u32 = 16;
const POLICY: RetransmitPolicy = RetransmitPolicy {
    irt: Duration::from_millis(200),
    mrt: Duration::from_secs(1),
    mrc: 5,
    mrd: Duration::from_secs(5),
};

#[tokio::main]
pub(crate) async fn measure(options: &Options) -> anyhow::Result<()> {
    let each = options.exchanges / NAS;
    let (mut alone, mut beside, mut silent) = (Figures::default(), Figures::default(), 0);
    for _ in 0..options.rounds {
        alone.add(healthy(each, false).await?.0.as_secs_f64());
        let (took, without_reply) = healthy(each, true).await?;
        beside.add(took.as_secs_f64());
        silent = without_reply;
    }
    say(format_args!(
        "{} exchanges on {NAS} NAS of which {DEAD} never answer, one packet in ten lost, {IN_FLIGHT} in flight at each; \
         {} rounds in turns",
        each * NAS,
        options.rounds
    ))?;
    let (beside, alone) = (beside.median(), alone.median());
    judge("time of the healthy, by that without the dead", beside / alone, "", Bar::AtMost(1.2))?;
    let healthy = each * (NAS - DEAD);
    say(format_args!(
        "  {alone:.2} s without the dead, {beside:.2} s beside them; {silent} of {healthy} had no reply in {} transmissions",
        POLICY.mrc
    ))?;
    Ok(())
}

/// How long the exchanges with the healthy ones took, and how many of them had no reply.
async fn healthy(each: u32, with_dead: bool) -> anyhow::Result<(Duration, u32)> {
    let fleet = Fleet::start(NAS, DEAD)?;
    let socket = UdpHandle::bind(None, Clock)?;
    let (alive, dead) = fleet.nas.split_at(usize::try_from(NAS - DEAD)?);
    let (mut waited, mut others) = (JoinSet::new(), JoinSet::new());
    let begun = Clock.now();
    for (numbers, das_addr) in (0..).step_by(usize::try_from(each)?).zip(alive) {
        lanes(&mut waited, &socket, *das_addr, numbers..numbers + each);
    }
    for das_addr in dead.iter().filter(|_| with_dead) {
        lanes(&mut others, &socket, *das_addr, 0..each);
    }
    let silent = waited.join_all().await.into_iter().sum();
    Ok((Clock.now().duration_since(begun), silent))
}

/// Asks one NAS about these sessions; the tasks give how many had no reply.
fn lanes(tasks: &mut JoinSet<u32>, socket: &UdpHandle, das_addr: SocketAddr, sessions: std::ops::Range<u32>) {
    let next = Arc::new(AtomicU32::new(sessions.start));
    for _ in 0..IN_FLIGHT {
        let (next, socket) = (Arc::clone(&next), socket.clone());
        tasks.spawn(async move {
            let mut silent = 0;
            loop {
                let session = next.fetch_add(1, Ordering::Relaxed);
                if session >= sessions.end {
                    return silent;
                }
                let mut request = Request::new(das_addr, Code::DisconnectRequest, attributes(session), secret());
                request.policy = POLICY;
                let ended = socket.exchange(request).await.expect("it can be sent");
                silent += u32::from(!matches!(ended.outcome, Outcome::Ack { .. }));
            }
        });
    }
}
