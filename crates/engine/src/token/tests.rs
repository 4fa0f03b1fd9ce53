//! Which tokens are valid: tables of invalid ones, every flipped bit, and tokens of other libraries.

use proptest::prelude::*;
use serde_json::json;

use super::*;

const NOW: u64 = 1_800_000_000;
const DAY: u64 = 86_400;

fn at(seconds: u64) -> Timestamp {
    Timestamp::from_millis(seconds.saturating_mul(1000))
}

fn job(id: &str) -> JobId {
    JobId::parse(id).unwrap()
}

fn signer() -> Signer {
    Signer::new("0123456789abcdef0123456789abcdef", None).unwrap()
}

/// A token of exactly these parts with a right signature.
fn signed(header: &str, claims: &str) -> String {
    let message = format!("{}.{}", base64url(header.as_bytes()), base64url(claims.as_bytes()));
    let secret = signer().signing_secret("acme");
    let signature = hmac_sha256(secret.reveal().as_bytes(), message.as_bytes());
    format!("{message}.{}", base64url(&signature))
}

fn claims() -> Value {
    json!({ "aud": "job-progress", "prj": "acme", "jobs": ["a"], "perm": ["jobs:read"], "exp": NOW + 60 })
}

/// A token with valid claims, some of them changed; `null` removes a claim.
fn with(changes: Value) -> String {
    let (Value::Object(mut claims), Value::Object(changes)) = (claims(), changes) else { panic!("objects") };
    claims.extend(changes);
    claims.retain(|_, value| !value.is_null());
    signed(HEADER, &Value::Object(claims).to_string())
}

fn verify(token: &str) -> Result<Grant, TokenError> {
    signer().verify(token, at(NOW))
}

#[test]
fn a_valid_token_grants_what_its_claims_say_and_no_more() {
    let grant = verify(&with(json!({ "jobs": ["a", "app:1"], "perm": ["jobs:write", "jobs:read"] }))).unwrap();
    assert_eq!(grant.project, "acme");
    assert_eq!(grant.permissions.to_string(), "jobs:read,jobs:write");
    assert_eq!(grant.scope, Scope::Jobs(vec![job("a"), job("app:1")]));
    assert_eq!(grant.expires_at, Some(at(NOW + 60)));
}

#[test]
fn signed_claims_parse_to_themselves() {
    let claims = Claims {
        project: "acme".to_owned(),
        subject: Subject::Jobs(vec![job("a")]),
        permissions: Permissions::READ,
        expires_at: NOW + 60,
        issued_at: Some(NOW),
        not_before: Some(NOW),
    };
    let token = claims.sign(&signer().signing_secret("acme"));
    let payload = read_object(token.split('.').nth(1).unwrap()).unwrap();
    assert_eq!(read_claims(&payload), Ok(claims));
    assert!(verify(&token).is_ok());
}

#[test]
fn variations_between_jwt_libraries_are_accepted() {
    let good = claims().to_string();
    for header in [
        r#"{"alg":"HS256"}"#,
        r#"{"typ":"jwt","alg":"HS256"}"#,
        r#" {"alg":"HS256","kid":"7","jku":"https://example.com"}"#,
    ] {
        assert!(verify(&signed(header, &good)).is_ok(), "{header}");
    }
    for changes in [
        json!({ "aud": ["other", "job-progress"] }),
        json!({ "exp": NOW as f64 + 59.75, "iat": NOW as f64 - 0.5 }),
        json!({ "iat": NOW, "nbf": NOW }),
        json!({ "jti": "1", "sub": { "any": ["thing"] }, "iss": 7 }),
    ] {
        assert!(verify(&with(changes.clone())).is_ok(), "{changes}");
    }
}

#[test]
fn another_algorithm_type_or_extension_is_refused_even_if_the_signature_is_right() {
    let good = claims().to_string();
    for (header, refusal) in [
        (r#"{"alg":"none","typ":"JWT"}"#, TokenError::Algorithm),
        (r#"{"alg":"None"}"#, TokenError::Algorithm),
        (r#"{"alg":"hs256"}"#, TokenError::Algorithm),
        (r#"{"alg":"HS384"}"#, TokenError::Algorithm),
        (r#"{"alg":"HS512"}"#, TokenError::Algorithm),
        (r#"{"alg":"RS256"}"#, TokenError::Algorithm),
        (r#"{"alg":["HS256"]}"#, TokenError::Algorithm),
        (r#"{"alg":null}"#, TokenError::Algorithm),
        (r#"{"typ":"JWT"}"#, TokenError::Algorithm),
        (r#"{"alg":"HS256","typ":"at+jwt"}"#, TokenError::Type),
        (r#"{"alg":"HS256","typ":"JWE"}"#, TokenError::Type),
        (r#"{"alg":"HS256","typ":7}"#, TokenError::Type),
        (r#"{"alg":"HS256","crit":["exp"]}"#, TokenError::Critical),
        (r#"{"alg":"HS256","crit":[]}"#, TokenError::Critical),
        (r#"{"alg":"HS256","crit":null}"#, TokenError::Critical),
        (r#"{"alg":"HS256","alg":"none"}"#, TokenError::Malformed),
        (r#"["HS256","JWT",false]"#, TokenError::Malformed),
        (r#"{"alg":"HS256"}{}"#, TokenError::Malformed),
        ("", TokenError::Malformed),
    ] {
        assert_eq!(verify(&signed(header, &good)), Err(refusal), "{header}");
    }
}

#[test]
fn an_unsigned_token_is_refused_in_every_spelling() {
    let (message, _) = with(json!({}))
        .rsplit_once('.')
        .map(|(message, signature)| (message.to_owned(), signature.to_owned()))
        .unwrap();
    let unsigned = base64url(br#"{"alg":"none"}"#);
    let payload = message.split('.').nth(1).unwrap();
    assert_eq!(verify(&format!("{unsigned}.{payload}.")), Err(TokenError::Algorithm));
    assert_eq!(verify(&format!("{message}.")), Err(TokenError::Signature));
    assert_eq!(verify(&message), Err(TokenError::Malformed));
}

#[test]
fn the_error_for_a_wrong_claim_names_it() {
    let many: Vec<String> = (0..101).map(|number| number.to_string()).collect();
    for (changes, name) in [
        (json!({ "prj": null }), "prj"),
        (json!({ "prj": 7 }), "prj"),
        (json!({ "prj": "Acme" }), "prj"),
        (json!({ "prj": "a/b" }), "prj"),
        (json!({ "prj": "" }), "prj"),
        (json!({ "prj": "p".repeat(33) }), "prj"),
        (json!({ "jobs": null }), "jobs"),
        (json!({ "jobs": "a" }), "jobs"),
        (json!({ "jobs": [] }), "jobs"),
        (json!({ "jobs": ["a", 1] }), "jobs"),
        (json!({ "jobs": ["a", "b/c"] }), "jobs"),
        (json!({ "jobs": [""] }), "jobs"),
        (json!({ "jobs": many }), "jobs"),
        (json!({ "perm": null }), "perm"),
        (json!({ "perm": "jobs:read" }), "perm"),
        (json!({ "perm": [] }), "perm"),
        (json!({ "perm": ["jobs:read", "jobs:all"] }), "perm"),
        (json!({ "perm": ["jobs:read", "jobs:admin"] }), "perm"),
        (json!({ "exp": null }), "exp"),
        (json!({ "exp": "1800000060" }), "exp"),
        (json!({ "exp": -1 }), "exp"),
        (json!({ "iat": "now" }), "iat"),
        (json!({ "nbf": [] }), "nbf"),
    ] {
        let refusal = verify(&with(changes.clone())).unwrap_err();
        assert!(matches!(refusal, TokenError::Claim { name: named, .. } if named == name), "{changes}: {refusal}");
    }
}

#[test]
fn another_audience_is_refused() {
    for audience in
        [json!(null), json!("other"), json!("job-progress2"), json!([]), json!(["other"]), json!({ "job-progress": 1 })]
    {
        assert_eq!(verify(&with(json!({ "aud": audience }))), Err(TokenError::Audience), "{audience}");
    }
}

#[test]
fn duplicate_claims_and_claims_that_are_not_an_object_are_refused() {
    let twice = claims().to_string().replacen('{', r#"{"exp":9999999999,"#, 1);
    let twice_unknown = claims().to_string().replacen('{', r#"{"x":1,"x":1,"#, 1);
    for payload in [twice.as_str(), &twice_unknown, "[]", "null", "{", "\"acme\"", "{\"prj\":\"acme\"} x", "\u{feff}{}"]
    {
        assert_eq!(verify(&signed(HEADER, payload)), Err(TokenError::Malformed), "{payload}");
    }
}

#[test]
fn a_token_expires_at_its_second_without_leeway() {
    let token = with(json!({}));
    assert!(signer().verify(&token, Timestamp::from_millis((NOW + 60) * 1000 - 1)).is_ok());
    assert_eq!(signer().verify(&token, at(NOW + 60)), Err(TokenError::Expired { seconds_ago: 0 }));
    assert_eq!(signer().verify(&token, at(NOW + 100)), Err(TokenError::Expired { seconds_ago: 40 }));
    assert_eq!(verify(&with(json!({ "exp": 0 }))), Err(TokenError::Expired { seconds_ago: NOW }));
}

#[test]
fn the_clock_of_a_minting_server_may_be_a_minute_fast_and_no_more() {
    for name in ["nbf", "iat"] {
        assert!(verify(&with(json!({ name: NOW + 60, "exp": NOW + 120 }))).is_ok());
        let refusal = verify(&with(json!({ name: NOW + 61, "exp": NOW + 120 })));
        assert_eq!(refusal, Err(TokenError::NotYetValid { name, seconds_ahead: 61 }));
    }
}

#[test]
fn a_token_past_the_maximum_lifetime_is_refused_even_if_the_signature_is_right() {
    for (permissions, max) in [
        (json!(["jobs:read"]), 30 * DAY),
        (json!(["jobs:write"]), DAY),
        (json!(["jobs:read", "jobs:write"]), DAY),
        (json!(["jobs:read", "jobs:control"]), DAY),
    ] {
        let expiring_in = |seconds: u64| verify(&with(json!({ "perm": permissions, "exp": NOW + seconds })));
        assert!(expiring_in(max + 60).is_ok(), "{permissions}");
        for seconds in [max + 61, 3650 * DAY, 1 << 60] {
            assert_eq!(
                expiring_in(seconds),
                Err(TokenError::LifetimeTooLong { max_seconds: max }),
                "{permissions} {seconds}"
            );
        }
    }
    assert_eq!(verify(&with(json!({ "exp": 1e300 }))), Err(TokenError::LifetimeTooLong { max_seconds: 30 * DAY }));
}

#[test]
fn a_token_past_the_maximum_lifetime_does_not_become_valid_later() {
    let old = |age: u64| verify(&with(json!({ "iat": NOW - age, "exp": NOW - age + 31 * DAY })));
    for age in [0, DAY, 30 * DAY] {
        assert_eq!(old(age), Err(TokenError::LifetimeTooLong { max_seconds: 30 * DAY }), "{age}");
    }
}

#[test]
fn a_token_signed_for_one_project_is_not_valid_for_another() {
    let token = with(json!({ "prj": "other" }));
    assert_eq!(verify(&token), Err(TokenError::Signature));
}

#[test]
fn a_rotated_secret_is_accepted_while_it_is_the_previous_one() {
    let old = "0123456789abcdef0123456789abcdef";
    let new = "fedcba9876543210fedcba9876543210";
    let token = with(json!({}));
    let rotating = Signer::new(new, Some(old)).unwrap();
    assert!(rotating.verify(&token, at(NOW)).is_ok());
    assert_ne!(rotating.signing_secret("acme"), signer().signing_secret("acme"));
    let rotated = Signer::new(new, None).unwrap();
    assert_eq!(rotated.verify(&token, at(NOW)), Err(TokenError::Signature));
}

#[test]
fn every_single_flipped_bit_is_refused() {
    let token = with(json!({}));
    for index in 0..token.len() {
        for bit in 0..8 {
            let mut bytes = token.clone().into_bytes();
            bytes[index] ^= 1 << bit;
            // A header that is not UTF-8 never reaches the verification.
            if let Ok(flipped) = String::from_utf8(bytes) {
                assert!(verify(&flipped).is_err(), "bit {bit} of byte {index}: {flipped}");
            }
        }
    }
}

#[test]
fn every_flipped_bit_of_the_decoded_parts_is_refused() {
    let token = with(json!({}));
    let parts: Vec<Vec<u8>> = token.split('.').map(|part| from_base64url(part).unwrap()).collect();
    for part in 0..3 {
        for bit in 0..parts[part].len() * 8 {
            let mut flipped = parts.clone();
            flipped[part][bit / 8] ^= 1 << (bit % 8);
            let flipped: Vec<String> = flipped.iter().map(|part| base64url(part)).collect();
            assert!(verify(&flipped.join(".")).is_err(), "bit {bit} of part {part}");
        }
    }
}

#[test]
fn each_part_has_one_spelling_down_to_its_last_character() {
    let token = with(json!({}));
    let ends: Vec<usize> = token.match_indices('.').map(|(at, _)| at).chain([token.len()]).collect();
    let alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_=+/ ";
    for end in ends {
        let (spelled, rest) = token.split_at(end);
        let mut before = spelled.to_owned();
        let good = before.pop().unwrap();
        for last in alphabet.chars().filter(|last| *last != good) {
            let respelled = format!("{before}{last}{rest}");
            assert!(verify(&respelled).is_err(), "{respelled}");
        }
    }
    for longer in
        [format!("{token}="), format!("{token}."), format!("{token}A"), format!(" {token}"), format!("{token}\n")]
    {
        assert!(verify(&longer).is_err(), "{longer:?}");
    }
}

#[test]
fn a_token_longer_than_the_limit_is_refused_before_it_is_decoded() {
    let padded = |length: usize| with(json!({ "pad": "x".repeat(length) }));
    let long = padded(TOKEN_BYTES);
    assert_eq!(verify(&long), Err(TokenError::TooLong));
    assert!(verify(&padded(TOKEN_BYTES / 2)).is_ok());
}

#[test]
fn deep_nesting_is_refused() {
    let deep = format!("{}{}", "[".repeat(2500), "]".repeat(2500));
    for name in ["jobs", "other"] {
        let nested = signed(HEADER, &format!(r#"{{"prj":"acme","{name}":{deep}}}"#));
        assert_eq!(verify(&nested), Err(TokenError::Malformed));
    }
}

/// Tokens that other JWT libraries minted, each with the time at which it was; the programs are in `tests/minting`.
#[test]
fn tokens_of_other_jwt_libraries_are_valid() {
    let vectors: Vec<Value> = serde_json::from_str(include_str!("vectors.json")).unwrap();
    for vector in &vectors {
        let text = |name: &str| vector[name].as_str().unwrap();
        let signer = Signer::new(text("tokenSecret"), None).unwrap();
        assert_eq!(signer.signing_secret(text("project")).reveal(), text("signingSecret"), "{}", text("madeBy"));
        let made_at = vector["madeAt"].as_u64().unwrap();
        let grant = signer.verify(text("token"), at(made_at + 1)).map_err(|error| error.to_string());
        let grant = grant.unwrap_or_else(|error| panic!("{}: {error}", text("madeBy")));
        assert_eq!(grant.project, text("project"));
        assert_eq!(grant.scope, Scope::Jobs(vec![job(text("job"))]));
        assert!(signer.verify(text("token"), at(made_at + 31 * DAY)).is_err());
    }
    assert!(vectors.len() >= 6);
}

proptest! {
    #[test]
    fn no_text_panics_and_none_is_a_valid_token(token in "\\PC{0,80}|[A-Za-z0-9_-]{0,40}(\\.[A-Za-z0-9_-]{0,40}){0,4}") {
        prop_assert!(verify(&token).is_err());
    }

    #[test]
    fn no_signed_payload_panics(payload in "\\{(\"(prj|jobs|perm|exp|iat|nbf|aud)\":(\"acme\"|\\[\"a\"\\]|[0-9e.-]{1,30}|null|\\{\\}),?){0,8}\\}") {
        let _ = verify(&signed(HEADER, &payload));
    }

    #[test]
    fn any_times_are_checked_without_overflow(exp: u64, iat: Option<u64>, nbf: Option<u64>, now: u64) {
        let token = with(json!({ "exp": exp, "iat": iat, "nbf": nbf }));
        let now = Timestamp::from_millis(now);
        if signer().verify(&token, now).is_ok() {
            let left = exp.checked_sub(now.seconds());
            prop_assert!(left.is_some_and(|left| (1..=30 * DAY + LEEWAY_SECONDS).contains(&left)));
        }
    }
}
