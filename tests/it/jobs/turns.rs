//! Tasks of one process: they have one name, so that the lease alone would not keep them off each other's job.
use std::sync::Arc;

use radkick::clock::Clock;
use radkick::config::Config;
use radkick::jobs::{Agent, Shared, directory};
use tokio::net::UdpSocket;

use super::{ALICE, ONCE};
use crate::disconnect::site::{HASTY, PATIENT, Site};
use crate::enforce::{ENFORCE, customer};
use crate::support::wait::PATIENCE;

async fn agent(site: &Site, shared: &Shared) -> Arc<Agent> {
    let config = Config::load(Some(&site.config()), &|_| None).expect("a configuration");
    Arc::new(Agent::open_sharing(config, Clock, shared.clone()).await.expect("both databases"))
}

/// Alice is over, and her job waits: the router was asked once and is silent.
async fn tried_once() -> (Site, UdpSocket) {
    let (site, router) = (Site::start(), UdpSocket::bind("127.0.0.1:0").await.expect("a port"));
    site.configure(ENFORCE, &site.nas("R1", "127.0.0.1", router.local_addr().expect("an address"), HASTY));
    customer(&site, "alice", ALICE, "1000");
    site.reports(&ONCE, 3);
    (site, router)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_task_at_a_time_works_on_a_job() {
    let (site, router) = tried_once().await;
    while router.try_recv(&mut [0; 4096]).is_ok() {}
    let shared = Shared::default();
    // The second is what a reload makes
    let (first, second) = (agent(&site, &shared).await, agent(&site, &shared).await);
    let job = first.state.live_jobs(None).await.expect("asked").remove(0);
    let known = Arc::new(directory(&first.config, &first.accounting).await.expect("asked"));
    let task = tokio::spawn({
        let (first, job, known) = (Arc::clone(&first), job.clone(), Arc::clone(&known));
        async move { first.run(&job, &known).await }
    });
    let asked = tokio::time::timeout(PATIENCE, router.recv_from(&mut [0; 4096])).await;
    asked.expect("in time").expect("a request");
    let token = || site.state_sql("SELECT lease_token FROM radkick_job")[0]["lease_token"].clone();
    let before = token();
    for agent in [&first, &second] {
        assert!(agent.run(&job, &known).await.expect("nothing done").is_empty());
        assert!(!agent.cancel(&job, "cli:ann").await.expect("nothing done"));
        agent.let_go(&job).await.expect("nothing done");
    }
    assert_eq!(token(), before);
    let reports = task.await.expect("it ends").expect("its lease is its own to the end");
    assert_eq!(reports[0].fate, "unknown");
    // And then it is another's turn
    assert!(second.cancel(&job, "cli:ann").await.expect("done"));
}

/// It is off, and no work for whoever read the job before.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_another_has_done_since_a_job_was_read_is_not_done_again() {
    let (site, _silent) = tried_once().await;
    site.configure(ENFORCE, &site.r1(PATIENT));
    let agent = agent(&site, &Shared::default()).await;
    let job = agent.state.live_jobs(None).await.expect("asked").remove(0);
    let known = Arc::new(directory(&agent.config, &agent.accounting).await.expect("asked"));
    let stands = || site.state_sql("SELECT state, attempts, lease_holder FROM radkick_job")[0].clone();
    let mut fates = Vec::new();
    for _ in 0..2 {
        fates.push(agent.run(&job, &known).await.expect("done")[0].fate.clone());
        let watched = serde_json::json!({ "state": "watching", "attempts": 2, "lease_holder": null });
        assert_eq!(serde_json::Value::from(stands()), watched, "{fates:?}");
    }
    assert_eq!(fates, ["ended", "ended"]);
    assert_eq!(site.server.coa_requests().len(), 1);
}
