//! A site where nothing is wrong, and what is told of a site as a whole.

use serde_json::json;
use tokio::task::block_in_place;

use crate::bad_input::site::{OpenSession, assert_says};

use super::{Scene, options};

#[tokio::test(flavor = "multi_thread")]
async fn nothing_wrong() {
    let scene = Scene::new(options()).await;
    let (code, objects) = scene.examined(&[]);
    assert_eq!(code, 0, "{objects:#?}");
    let health = &objects[0];
    assert_eq!((&health["nas"], &health["open_sessions"], &health["findings"]), (&json!("R7"), &json!(1), &json!([])));
    assert_says(&health["works"].to_string(), &["NAK 406", "answers as \\\"R7\\\", 1 sessions"]);
    assert_eq!(objects.last().expect("a summary"), &json!({"summary": true, "nas": 1, "wrong": 0, "risks": 0}));
    let text = block_in_place(|| scene.site.run(&["doctor"]));
    assert_eq!(text.code, Some(0), "{text:#?}");
    assert_says(
        &text.stdout,
        &["R7 (127.0.1.7:", "1 open session)", "  ok     RADIUS", "  ok     REST", "Nothing wrong."],
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_nas_that_cannot_be_told_and_one_that_is_not_asked_for() {
    let scene = Scene::new(options()).await;
    scene.site.open(&OpenSession { id: "80000009", nas: "10.9.9.9", called: "", ..OpenSession::default() });
    let told = scene.finding("nas_unknown");
    assert_says(&told, &["matches nasipaddress \"10.9.9.9\"", "match = [\\\"10.9.9.9\\\"]"]);
    let (code, objects) = scene.examined(&["--nas", "R7"]);
    assert_eq!((code, objects.len()), (0, 2), "{objects:#?}");
    let unknown = block_in_place(|| scene.site.run(&["doctor", "--nas", "R99"]));
    assert_eq!(unknown.code, Some(4), "{unknown:#?}");
    assert_says(&unknown.stderr, &["NAS R99 is unknown: known are R7"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_host_name_that_nobody_knows() {
    let scene = Scene::new(options()).await;
    scene.site.sql("INSERT INTO nas (nasname, shortname, secret) VALUES ('no-such-nas.invalid', 'lost', 's')");
    assert_says(&scene.finding("nas_unknown"), &["by this host name, of which no address is known"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn no_nas_at_all_and_no_database() {
    let scene = Scene::new(options()).await;
    scene.site.sql("DELETE FROM radacct");
    scene.write("");
    let none = block_in_place(|| scene.site.run(&["doctor"]));
    assert_eq!(none.code, Some(1), "{none:#?}");
    assert_says(&none.stdout, &["No NAS is known"]);
    scene.site.file("radkick.toml", "[database]\nurl = \"sqlite:nowhere.db\"\n");
    let no_database = block_in_place(|| scene.site.run(&["doctor"]));
    assert_eq!(no_database.code, Some(5), "{no_database:#?}");
}
