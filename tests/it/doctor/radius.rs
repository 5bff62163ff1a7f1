//! What keeps a Disconnect-Request from being answered.

use std::net::Ipv4Addr;

use radkick::simulator::Incoming;

use crate::bad_input::site::assert_says;

use super::{SECRET, Scene, entry, options};

#[tokio::test(flavor = "multi_thread")]
async fn incoming_does_not_accept() {
    let mut options = options();
    options.coa = Incoming::Closed;
    let scene = Scene::new(options).await;
    assert_says(&scene.finding("incoming_off"), &["accept=no", "/radius incoming set accept=yes port="]);
}

#[tokio::test(flavor = "multi_thread")]
async fn another_port() {
    let scene = Scene::new(options()).await;
    let port = scene.router.coa_addr().port();
    let other = if port == 1700 { 1701 } else { 1700 };
    let nas = scene.nas().replace(&format!("coa_port = {port}"), &format!("coa_port = {other}"));
    scene.write(&format!("{nas}{}", scene.rest()));
    let told = scene.finding("incoming_port");
    assert_says(&told, &[&format!("listens on port {port}, requests go to {other}"), &format!("coa_port = {port}")]);
}

#[tokio::test(flavor = "multi_thread")]
async fn another_secret_or_an_unknown_address() {
    for known in [entry("another secret", Ipv4Addr::LOCALHOST), entry(SECRET, Ipv4Addr::new(127, 0, 0, 9))] {
        let mut options = options();
        options.radius_servers = vec![known];
        let scene = Scene::new(options).await;
        let told = scene.finding("radius_bad_request");
        assert_says(
            &told,
            &[
                "the router counts it as bad",
                "our address 127.0.0.1",
                "/radius add service=hotspot,ppp address=127.0.0.1",
            ],
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn without_rest_all_causes_are_told_likeliest_first() {
    let mut options = options();
    options.radius_servers = Vec::new();
    let scene = Scene::new(options).await;
    scene.write(&scene.nas());
    let told = scene.finding("radius_silent");
    let causes = ["accept=yes", "coa_port = ", "/radius add", "/radius set", "/ip firewall filter add"];
    let places: Vec<Option<usize>> = causes.iter().map(|cause| told.find(cause)).collect();
    assert!(places.iter().all(Option::is_some) && places.is_sorted(), "{told}");
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_that_never_arrive_and_answers_that_are_lost() {
    let scene = Scene::new(options()).await;
    scene.router.change(|behaviours| behaviours.faults.drop_replies = 100);
    assert_says(&scene.finding("radius_answer_lost"), &["its answer does not come back", "no NAT"]);
    // A firewall in front: somebody else's port, while the router's own counters stand still
    let deaf = tokio::net::UdpSocket::bind("127.0.1.8:0").await.expect("a port");
    let port = deaf.local_addr().expect("an address").port();
    let nas =
        scene.nas().replace(&format!("coa_port = {}", scene.router.coa_addr().port()), &format!("coa_port = {port}"));
    scene.write(&format!("{nas}address = \"127.0.1.8\"\n{}", scene.rest()));
    assert_says(
        &scene.finding("radius_not_arriving"),
        &["none of", "has arrived", "/ip firewall filter add chain=input"],
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_that_is_not_ours() {
    let scene = Scene::new(options()).await;
    scene.write(&format!("{}{}", scene.nas().replace("127.0.0.1", "192.0.2.77"), scene.rest()));
    assert_says(&scene.finding("radius_not_sent"), &["192.0.2.77", "source = an address of this machine"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn no_secret() {
    let scene = Scene::new(options()).await;
    scene.write(&format!("{}{}", scene.nas().replace(&format!("secret = \"{SECRET}\"\n"), ""), scene.rest()));
    assert_says(&scene.finding("no_secret"), &["REST alone", "secret_file"]);
    scene.write(&scene.nas().replace(&format!("secret = \"{SECRET}\"\n"), ""));
    assert_says(&scene.finding("nas_unknown"), &["no secret and no [nas.rest]"]);
}
