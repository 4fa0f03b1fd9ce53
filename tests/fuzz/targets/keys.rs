//! The operator's settings and untrusted credentials: no text gets access that its setting does not give, and none is repeated.
#![no_main]

use arbitrary::Arbitrary;
use engine::{
    access::Access,
    credential::Credential,
    crypto::{base64url, sha256},
    key::KeyRing,
    permission::Permissions,
};
use libfuzzer_sys::fuzz_target;
use protocol::Timestamp;

/// A secret in the wrong place.
const PLANTED: &str = "PLANTED-0123456789abcdef";

#[derive(Arbitrary, Debug)]
struct Input<'a> {
    before: &'a str,
    after: &'a str,
    variable: u8,
    dev: Option<&'a str>,
    secret: &'a str,
    presented: &'a str,
    permissions: &'a str,
    key_secret: &'a str,
}

fuzz_target!(|input: Input<'_>| {
    let text = format!("{}{PLANTED}{}", input.before, input.after);
    if let Err(refusal) = KeyRing::parse([("API_KEYS", text.as_str())], input.dev.is_some()) {
        assert!(!format!("{refusal} {refusal:?}").contains(PLANTED), "{refusal}");
    }
    let name = if input.variable == 0 { "API_KEYS".to_owned() } else { format!("API_KEYS_{}", input.variable % 10) };
    let configured = Access::configure(|asked| match asked {
        "TOKEN_SECRET" => Some(format!("{PLANTED}{}", input.secret)),
        "JOB_PROGRESS_DEV" => input.dev.map(str::to_owned),
        asked => (asked == name).then(|| text.clone()),
    });
    match configured {
        Ok(access) => {
            let held = format!("{access:?}");
            assert!(!held.contains(PLANTED), "{held}");
            assert!(access.keys.find(input.presented).is_err(), "a key that was not configured is accepted");
        }
        Err(refusal) => assert!(!format!("{refusal} {refusal:?}").contains(PLANTED), "{refusal}"),
    }

    // A stored key is accepted, and no similar text is.
    let key = format!("jp_ci_{}", input.key_secret);
    let line = format!("ci acme {} {}", input.permissions, base64url(&sha256(key.as_bytes())));
    let Ok(ring) = KeyRing::parse([("API_KEYS", line.as_str())], false) else { return };
    if let Ok(found) = ring.find(&key) {
        assert_eq!(found.id, "ci");
        assert!(
            !found.permissions.is_empty() && found.permissions.iter().collect::<Permissions>() == found.permissions
        );
        assert!(ring.find(&format!("{key}0")).is_err() && ring.find(&key.to_uppercase()).is_err());
        assert!(!format!("{found:?}").contains(input.key_secret));
    }
    let access = Access::configure(|asked| match asked {
        "API_KEYS" => Some(line.clone()),
        "TOKEN_SECRET" => Some("0123456789abcdef0123456789abcdef".to_owned()),
        _ => None,
    });
    let header = format!("Bearer {}", input.presented);
    if let (Ok(access), Ok(credential)) = (access, Credential::from_authorization(&header)) {
        let let_in = access.authenticate(credential, Timestamp::from_millis(0)).is_ok();
        assert!(!let_in || input.presented.trim_ascii() == key, "another text than the key was let in");
    }
});
