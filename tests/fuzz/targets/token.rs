//! Tokens: no forged token is accepted, and the claims of every accepted token keep the rules.
#![no_main]

use arbitrary::Arbitrary;
use engine::{
    access::Access,
    credential::Credential,
    crypto::{base64url, hmac_sha256, sha256},
    grant::Scope,
    permission::{Permission, Permissions},
    signer::Signer,
};
use fuzz::Json;
use libfuzzer_sys::fuzz_target;
use protocol::{
    Timestamp,
    id::JobId,
    limits::{JOBS, READ_TOKEN_SECONDS},
};
use serde_json::{Map, Value, json};

const NOW: u64 = 1_800_000_000;
const TOKEN_SECRET: &str = "0123456789abcdef0123456789abcdef";

#[derive(Arbitrary, Debug)]
enum Input {
    /// Any text as a credential.
    Text(String),
    /// Three parts, the last of which is not a valid signature.
    Parts { header: Vec<u8>, claims: Vec<u8>, signature: Vec<u8> },
    /// A good token with some of its claims replaced, then signed with the project's own secret.
    Signed { header: Vec<(Name, Option<Json>)>, claims: Vec<(Name, Option<Json>)>, flipped: u8 },
}

#[derive(Arbitrary, Clone, Copy, Debug)]
enum Name {
    Alg,
    Typ,
    Crit,
    Aud,
    Prj,
    Jobs,
    Perm,
    Exp,
    Iat,
    Nbf,
}

impl Name {
    fn text(self) -> &'static str {
        match self {
            Name::Alg => "alg",
            Name::Typ => "typ",
            Name::Crit => "crit",
            Name::Aud => "aud",
            Name::Prj => "prj",
            Name::Jobs => "jobs",
            Name::Perm => "perm",
            Name::Exp => "exp",
            Name::Iat => "iat",
            Name::Nbf => "nbf",
        }
    }
}

fn edited(mut object: Value, edits: Vec<(Name, Option<Json>)>) -> String {
    let members = object.as_object_mut().map(std::mem::take).unwrap_or_default();
    let members = edits.into_iter().fold(members, |mut members: Map<String, Value>, (name, value)| {
        match value {
            Some(value) => members.insert(name.text().to_owned(), value.into()),
            None => members.shift_remove(name.text()),
        };
        members
    });
    Value::from(members).to_string()
}

fn access() -> Access {
    let line = format!("ci acme jobs:read {}", base64url(&sha256(b"jp_ci_0123456789abcdefghijkl")));
    Access::configure(|name| match name {
        "API_KEYS" => Some(line.clone()),
        "TOKEN_SECRET" => Some(TOKEN_SECRET.to_owned()),
        _ => None,
    })
    .expect("these settings are good")
}

fuzz_target!(|input: Input| {
    let now = Timestamp::from_millis(NOW * 1000);
    let signer = Signer::new(TOKEN_SECRET, None).expect("this secret is long enough");
    match input {
        Input::Text(text) => {
            assert!(signer.verify(&text, now).is_err(), "a text was believed");
            let access = access();
            for credential in [
                Credential::from_authorization(&text),
                Credential::from_query(&text),
                Credential::from_body(&text),
                Credential::from_request(Some(&text), Some(&text)),
            ]
            .into_iter()
            .flatten()
            {
                assert!(access.authenticate(credential, now).is_err(), "a text was let in");
            }
        }
        Input::Parts { header, claims, signature } => {
            let token = format!("{}.{}.{}", base64url(&header), base64url(&claims), base64url(&signature));
            assert!(signer.verify(&token, now).is_err(), "a forgery was believed");
        }
        Input::Signed { header, claims, flipped } => {
            let header = edited(json!({"alg": "HS256", "typ": "JWT"}), header);
            let good =
                json!({"aud": "job-progress", "prj": "acme", "jobs": ["a"], "perm": ["jobs:read"], "exp": NOW + 60});
            let message = format!("{}.{}", base64url(header.as_bytes()), base64url(edited(good, claims).as_bytes()));
            let mut signature = hmac_sha256(signer.signing_secret("acme").reveal().as_bytes(), message.as_bytes());
            if let Ok(grant) = signer.verify(&format!("{message}.{}", base64url(&signature)), now) {
                assert_eq!(grant.project, "acme", "a project signed for another");
                assert!(!grant.permissions.is_empty() && !grant.permissions.contains(Permission::Admin));
                let end = grant.expires_at.expect("a token ends").seconds();
                assert!(end > NOW && end <= NOW + READ_TOKEN_SECONDS + 60, "{end}");
                assert!(grant.permissions == Permissions::READ || end <= NOW + 86_460, "{end}");
                let Scope::Jobs(jobs) = grant.scope else { panic!("a token for a whole project") };
                assert!(
                    (1..=JOBS).contains(&jobs.len()) && jobs.iter().all(|job| JobId::parse(job.as_str()).is_some())
                );
            }
            signature[usize::from(flipped >> 3)] ^= 1 << (flipped & 7);
            assert!(
                signer.verify(&format!("{message}.{}", base64url(&signature)), now).is_err(),
                "one bit does not count"
            );
        }
    }
});
