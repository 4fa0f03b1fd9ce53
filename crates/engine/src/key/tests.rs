//! Which keys the operator's lines admit, and which lines are refused.

use proptest::prelude::*;

use super::*;
use crate::crypto::base64url;

const SECRET: &str = "N0t_A-real-Secret_0123456789abcdefghijklmnop";

fn key(id: &str) -> String {
    format!("jp_{id}_{SECRET}")
}

fn line(id: &str, project: &str, permissions: &str) -> String {
    format!("{id} {project} {permissions} {}", base64url(&sha256(key(id).as_bytes())))
}

fn ring(text: &str) -> Result<KeyRing, NotConfigured> {
    KeyRing::parse([("API_KEYS", text)], false)
}

fn fault(text: &str) -> KeyLineFault {
    match ring(text).unwrap_err() {
        NotConfigured::KeyLine { fault, .. } => fault,
        other => panic!("{other}"),
    }
}

#[test]
fn a_key_has_its_project_and_permissions() {
    let text = format!("# ours\r\n\r\n  {}\t\r\n", line("ci1", "acme-2", "jobs:read,jobs:write"));
    let ring = ring(&text).unwrap();
    let found = ring.find(&key("ci1")).unwrap();
    assert_eq!((found.id.as_str(), found.project.as_str()), ("ci1", "acme-2"));
    assert_eq!(found.permissions.to_string(), "jobs:read,jobs:write");
    assert!(ring.has_project("acme-2") && !ring.has_project("acme"));
}

#[test]
fn the_hash_of_a_key_is_the_one_that_other_tools_compute() {
    // printf %s jp_demo_0123456789abcdefghijklmn | openssl dgst -sha256 -binary | basenc --base64url | tr -d =
    let ring = ring("demo acme jobs:read -G_tNTQWVB9EvHlSvjigrMr8W3L2uPfKSSocgY261kE").unwrap();
    assert!(ring.find("jp_demo_0123456789abcdefghijklmn").is_ok());
}

#[test]
fn two_keys_of_a_project_in_two_variables_are_both_valid() {
    let (old, new) = (line("old", "acme", "jobs:read"), line("new", "acme", "jobs:read"));
    let ring = KeyRing::parse([("API_KEYS", old.as_str()), ("API_KEYS_2", new.as_str())], false).unwrap();
    assert!(ring.find(&key("old")).is_ok() && ring.find(&key("new")).is_ok());
}

#[test]
fn an_unknown_id_and_a_wrong_secret_give_the_same_error() {
    let ring = ring(&line("ci", "acme", "jobs:read")).unwrap();
    let almost = key("ci").replace("mnop", "mnoq");
    for presented in [key("other"), almost, key("ci") + "x"] {
        assert_eq!(ring.find(&presented), Err(KeyError::Unknown), "{presented}");
    }
}

#[test]
fn a_text_without_the_form_of_a_key_is_malformed() {
    let ring = ring(&line("ci", "acme", "jobs:read")).unwrap();
    let long = "s".repeat(129);
    for presented in [
        "",
        "jp_",
        "jp_ci",
        "jp_ci_",
        "jp__0123456789012345678901",
        "jp_CI_0123456789012345678901",
        "jp_ci_short",
        "jp_ci_01234567890123456789 1",
        "jp_ci_0123456789012345678é01",
        "sk_ci_0123456789012345678901",
        &format!("jp_ci_{long}"),
    ] {
        assert_eq!(ring.find(presented), Err(KeyError::Form), "{presented}");
    }
}

#[test]
fn a_malformed_line_is_named_by_variable_and_number_and_never_quoted() {
    let text = format!("# first\n{}\n\nci acme jobs:read {}", line("ok", "acme", "jobs:read"), key("ci"));
    let refusal = KeyRing::parse([("API_KEYS_3", text.as_str())], false).unwrap_err();
    let sentence = refusal.to_string();
    assert!(sentence.starts_with("Line 4 of API_KEYS_3 is invalid: its fourth field"), "{sentence}");
    assert!(!format!("{sentence}{refusal:?}").contains("real-Secret"), "{sentence}");
}

#[test]
fn each_field_has_an_error_of_its_own() {
    let hash = base64url(&[7; 32]);
    for (text, expected) in [
        ("ci acme jobs:read".to_owned(), KeyLineFault::Fields),
        (format!("ci acme jobs:read {hash} more"), KeyLineFault::Fields),
        (format!("ci acme jobs:read, jobs:write {hash}"), KeyLineFault::Fields),
        (format!("CI acme jobs:read {hash}"), KeyLineFault::Id),
        (format!("c_i acme jobs:read {hash}"), KeyLineFault::Id),
        (format!("{} acme jobs:read {hash}", "i".repeat(33)), KeyLineFault::Id),
        (format!("ci Acme jobs:read {hash}"), KeyLineFault::Project),
        (format!("ci a/b jobs:read {hash}"), KeyLineFault::Project),
        (format!("ci {} jobs:read {hash}", "p".repeat(33)), KeyLineFault::Project),
        (format!("ci acme jobs:reed {hash}"), KeyLineFault::Permissions),
        (format!("ci acme jobs:read, {hash}"), KeyLineFault::Permissions),
        (format!("ci acme jobs:read {hash}="), KeyLineFault::Hash),
        (format!("ci acme jobs:read {}", hash.strip_prefix('B').unwrap()), KeyLineFault::Hash),
        (format!("ci acme jobs:read {}", "0f".repeat(32)), KeyLineFault::Hash),
        (format!("ci acme jobs:read {hash}\nci other jobs:read {hash}"), KeyLineFault::Repeated),
        (format!("insecure1 acme jobs:read {hash}"), KeyLineFault::Insecure),
    ] {
        assert_eq!(fault(&text), expected, "{text}");
    }
}

#[test]
fn the_demo_key_is_valid_only_in_development() {
    let text = line("insecure7", "demo", "jobs:read");
    let dev = KeyRing::parse([("API_KEYS", text.as_str())], true).unwrap();
    assert!(dev.find(&key("insecure7")).is_ok());
}

#[test]
fn settings_without_a_key_line_are_not_configured() {
    for text in ["", "\n\n", "# jp soon\n"] {
        assert_eq!(ring(text).unwrap_err(), NotConfigured::NoKeys);
    }
    assert_eq!(KeyRing::parse([], true).unwrap_err(), NotConfigured::NoKeys);
}

proptest! {
    #[test]
    fn no_other_text_is_accepted_as_a_key(text in "(jp_)?[a-z0-9_]{0,3}(_|.){0,4}.{0,40}") {
        let ring = ring(&line("ci", "acme", "jobs:read")).unwrap();
        prop_assert!(ring.find(&text).is_err());
    }

    #[test]
    fn no_settings_panic(text in "([a-z0-9#]{0,9}[ \t\r\n]?(jobs:read)?.?){0,12}", dev: bool) {
        let _ = KeyRing::parse([("API_KEYS", text.as_str())], dev);
    }
}
