//! Files that are not there, cannot be read, or can be read by everyone.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use radkick::config::Config;

use super::environment;

fn refused(path: &Path) -> String {
    Config::load(Some(path), &environment).expect_err("refused").to_string()
}

#[test]
fn each_wrong_file_has_its_own_words() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("radkick.toml");
    let missing = refused(&file);
    assert!(missing.contains("there is no such file") && missing.contains("radkick.toml"), "{missing}");
    assert!(refused(folder.path()).contains("it is a folder; name the file in it"));
    fs::write(&file, [b'#', 0xff]).expect("written");
    assert!(refused(&file).contains("it is not UTF-8 text; save it as UTF-8"));
    fs::write(&file, " \n").expect("written");
    let empty = refused(&file);
    assert!(empty.contains("the file is empty; the smallest that works:") && empty.contains("[database]"), "{empty}");
}

#[test]
fn a_secret_that_everyone_can_read_is_a_warning() {
    let folder = tempfile::tempdir().expect("a folder");
    let (file, secret) = (folder.path().join("radkick.toml"), folder.path().join("secret"));
    let text = "[database]\nurl = \"sqlite:radius.db\"\n[[nas]]\nname = \"r1\"\nsecret_file = \"secret\"\n";
    fs::write(&file, text).expect("written");
    fs::write(&secret, "hunter2\n").expect("written");
    for (mode, warnings) in [(0o644, 1), (0o640, 0)] {
        fs::set_permissions(&secret, fs::Permissions::from_mode(mode)).expect("changed");
        let config = Config::load(Some(&file), &environment).expect("accepted");
        assert_eq!(config.warnings.len(), warnings);
        if let Some(warning) = config.warnings.first() {
            let shown = warning.to_string();
            assert!(shown.contains("radkick.toml:5:15: nas.secret_file: everyone on this machine can read"), "{shown}");
            assert!(shown.contains("(mode 0644); chmod 640"), "{shown}");
        }
    }
}

#[test]
fn a_file_with_secrets_that_everyone_can_read_is_a_warning() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("radkick.toml");
    for (secret, warnings) in [("hunter2", 1), ("${DB_PASS}", 0)] {
        let text = format!("[database]\nurl = \"sqlite:a.db\"\n[[nas]]\nname = \"r1\"\nsecret = \"{secret}\"\n");
        fs::write(&file, text).expect("written");
        fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).expect("changed");
        assert_eq!(Config::load(Some(&file), &environment).expect("accepted").warnings.len(), warnings);
    }
}
