//! Tokens, the signed credentials of browsers, which expire: their claims, signing and verification.
//!
//! A token is a JWT (RFC 7519) signed with HS256. Two clocks never agree, so the checks that depend on the clock of the
//! *minting* server (`nbf`, `iat`, the maximum lifetime) get [`LEEWAY_SECONDS`]; `exp` gets none, because it is
//! compared with this server's clock alone.
//!
//! The verification is written here and not taken from a JWT library: it accepts one algorithm, parses JSON strictly,
//! and names the claim that is wrong. The tests check it against tokens of other libraries.

use std::fmt;

use protocol::{
    Timestamp,
    document::Object,
    id::{JobId, is_project},
    json,
    limits::{CHANGE_TOKEN_SECONDS, JOBS, READ_TOKEN_SECONDS, TOKEN_BYTES},
};
use serde_json::Value;

use crate::{
    crypto::{base64url, from_base64url, hmac_sha256, sha256},
    grant::{Grant, Holder, Scope},
    permission::{Permission, Permissions},
    signer::{Signer, SigningSecret},
    tags::RequiredTags,
};

/// The audience (`aud`) of every token.
pub const AUDIENCE: &str = "job-progress";
/// The number of seconds that the clock of a minting server may be wrong.
pub const LEEWAY_SECONDS: u64 = 60;

const HEADER: &str = r#"{"alg":"HS256","typ":"JWT"}"#;

/// The lifetime of tokens with certain permissions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lifetime {
    /// The lifetime in seconds if the mint request has none.
    pub default_seconds: u64,
    /// The maximum lifetime in seconds.
    pub max_seconds: u64,
}

impl Lifetime {
    /// The lifetime of tokens that only read.
    pub const READ: Lifetime = Lifetime { default_seconds: 24 * 3600, max_seconds: READ_TOKEN_SECONDS };
    /// The lifetime of tokens that may change jobs.
    pub const CHANGE: Lifetime = Lifetime { default_seconds: 15 * 60, max_seconds: CHANGE_TOKEN_SECONDS };

    /// The lifetime of a token with these permissions.
    pub fn from_permissions(permissions: Permissions) -> Lifetime {
        if permissions.without(Permissions::READ).is_empty() { Lifetime::READ } else { Lifetime::CHANGE }
    }
}

/// The claims of a token. Times are whole seconds since 1970 (RFC 7519); a fraction is dropped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claims {
    /// `prj`: the project.
    pub project: String,
    /// `jobs` or `tags`: the jobs of the project that the token is for.
    pub subject: Subject,
    /// `perm`: the permissions; never `jobs:admin`.
    pub permissions: Permissions,
    /// `exp`: the second from which the token is no longer valid.
    pub expires_at: u64,
    /// `iat`: when the token was minted.
    pub issued_at: Option<u64>,
    /// `nbf`: the second from which the token is valid.
    pub not_before: Option<u64>,
}

/// The jobs that a token is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Subject {
    /// `jobs`: these jobs, 1 to [`JOBS`].
    Jobs(Vec<JobId>),
    /// `tags`: every job that carries these tags.
    Tags(RequiredTags),
}

impl Claims {
    /// The signed token with these claims.
    pub fn sign(&self, secret: &SigningSecret) -> String {
        let mut claims = serde_json::json!({
            "aud": AUDIENCE,
            "prj": self.project,
            "perm": self.permissions,
        });
        if let Value::Object(claims) = &mut claims {
            let (name, value) = match &self.subject {
                Subject::Jobs(jobs) => ("jobs", jobs.iter().map(JobId::as_str).collect::<Vec<_>>().into()),
                Subject::Tags(tags) => ("tags", Value::Object(tags.to_object())),
            };
            claims.insert(name.to_owned(), value);
            for (name, time) in [("iat", self.issued_at), ("nbf", self.not_before), ("exp", Some(self.expires_at))] {
                claims.extend(time.map(|time| (name.to_owned(), Value::from(time))));
            }
        }
        let message = format!("{}.{}", base64url(HEADER.as_bytes()), base64url(claims.to_string().as_bytes()));
        let signature = base64url(&hmac_sha256(secret.reveal().as_bytes(), message.as_bytes()));
        format!("{message}.{signature}")
    }
}

/// Why a token is not valid. The messages are for the developer who minted it and quote nothing of the token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenError {
    /// The token is longer than [`TOKEN_BYTES`].
    TooLong,
    /// The token is not three parts of base64url, or the first two are not JSON objects.
    Malformed,
    /// `alg` is not `HS256`; it may be `none`.
    Algorithm,
    /// `typ` is not `JWT`.
    Type,
    /// `crit` requires extensions, and none is supported.
    Critical,
    /// The token was signed with another secret, or changed after it was signed.
    Signature,
    /// `aud` is not [`AUDIENCE`].
    Audience,
    /// A claim is missing or has a wrong value.
    Claim {
        /// The name of the claim.
        name: &'static str,
        /// The values that it may have.
        must: &'static str,
    },
    /// `exp` has passed.
    Expired {
        /// The number of seconds since then.
        seconds_ago: u64,
    },
    /// `nbf` or `iat` is in the future.
    NotYetValid {
        /// The name of the claim.
        name: &'static str,
        /// The distance in seconds.
        seconds_ahead: u64,
    },
    /// `exp` is further after `iat` (or after now, without `iat`) than the permissions allow.
    LifetimeTooLong {
        /// The maximum lifetime in seconds.
        max_seconds: u64,
    },
}

impl fmt::Display for TokenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            TokenError::TooLong => write!(f, "The token is longer than {TOKEN_BYTES} bytes: mint one for fewer jobs."),
            TokenError::Malformed => f.write_str("The token is malformed: a token is a JWT of three base64url parts."),
            TokenError::Algorithm => f.write_str("The token's alg must be HS256."),
            TokenError::Type => f.write_str("The token's typ must be JWT."),
            TokenError::Critical => f.write_str("The token's header must not have crit: no extension is supported."),
            TokenError::Signature => f.write_str(
                "The token's signature is wrong: sign it with the signing secret of the project in prj, and use the \
                 text of the secret as the key, without decoding it.",
            ),
            TokenError::Audience => write!(f, "The token's aud must be \"{AUDIENCE}\"."),
            TokenError::Claim { name, must } => write!(f, "The token's {name} must be {must}."),
            TokenError::Expired { .. } => f.write_str("The token has expired: get a new one."),
            TokenError::NotYetValid { name, seconds_ahead } => write!(
                f,
                "The token's {name} is {seconds_ahead} s in the future: check the clock of the server that minted it."
            ),
            TokenError::LifetimeTooLong { max_seconds } => write!(
                f,
                "The token's exp is too far in the future: with these permissions a token may be valid for at most \
                 {max_seconds} s from iat."
            ),
        }
    }
}

impl std::error::Error for TokenError {}

impl Signer {
    /// Verifies a token at `now` and returns its grant.
    ///
    /// Before the signature is verified only `alg`, `typ`, `crit` and `prj` are read. A token with a longer lifetime
    /// than [`Lifetime`] allows is refused even if its signature is right, so that tokens minted with a leaked signing
    /// secret cannot be valid for years. The lifetime is `exp - iat` if there is `iat`, and in any case at least `exp -
    /// now`.
    ///
    /// # Errors
    ///
    /// The first fault found.
    pub fn verify(&self, token: &str, now: Timestamp) -> Result<Grant, TokenError> {
        if token.len() > TOKEN_BYTES {
            return Err(TokenError::TooLong);
        }
        let (message, signature) = token.rsplit_once('.').ok_or(TokenError::Malformed)?;
        let (header, payload) = message.split_once('.').ok_or(TokenError::Malformed)?;
        check_header(&read_object(header)?)?;
        let claims = read_object(payload)?;
        let signature = from_base64url(signature).ok_or(TokenError::Malformed)?;
        if !self.check_signature(project_of(&claims)?, message.as_bytes(), &signature) {
            return Err(TokenError::Signature);
        }
        let claims = read_claims(&claims)?;
        check_times(&claims, now.seconds())?;
        Ok(Grant {
            project: claims.project,
            permissions: claims.permissions,
            scope: match claims.subject {
                Subject::Jobs(jobs) => Scope::Jobs(jobs),
                Subject::Tags(tags) => Scope::Tags(tags),
            },
            expires_at: Some(Timestamp::from_millis(claims.expires_at.saturating_mul(1000))),
            holder: Holder::Token { fingerprint: base64url(&sha256(token.as_bytes())).chars().take(16).collect() },
        })
    }
}

fn check_times(claims: &Claims, now: u64) -> Result<(), TokenError> {
    if claims.expires_at <= now {
        return Err(TokenError::Expired { seconds_ago: now.saturating_sub(claims.expires_at) });
    }
    for (name, time) in [("nbf", claims.not_before), ("iat", claims.issued_at)] {
        let seconds_ahead = time.unwrap_or(0).saturating_sub(now);
        if seconds_ahead > LEEWAY_SECONDS {
            return Err(TokenError::NotYetValid { name, seconds_ahead });
        }
    }
    let max_seconds = Lifetime::from_permissions(claims.permissions).max_seconds;
    let valid_from = claims.issued_at.map_or(now, |issued_at| issued_at.min(now));
    if claims.expires_at.saturating_sub(valid_from) > max_seconds.saturating_add(LEEWAY_SECONDS) {
        return Err(TokenError::LifetimeTooLong { max_seconds });
    }
    Ok(())
}

/// Parses the header or the claims of a token. The values are not checked here, so that a wrong one can be named.
fn read_object(part: &str) -> Result<Object, TokenError> {
    match from_base64url(part).and_then(|text| json::parse(&text).ok()) {
        Some(Value::Object(object)) => Ok(object),
        _ => Err(TokenError::Malformed),
    }
}

/// Checks the header of a token. `kid`, `jku` and similar members are ignored: they do not select a key.
fn check_header(header: &Object) -> Result<(), TokenError> {
    if header.get("alg").and_then(Value::as_str) != Some("HS256") {
        return Err(TokenError::Algorithm);
    }
    // Some libraries do not write typ by default. The secret signs only these tokens, so no other JWT can pass for one.
    if header.get("typ").is_some_and(|typ| !typ.as_str().is_some_and(|typ| typ.eq_ignore_ascii_case("JWT"))) {
        return Err(TokenError::Type);
    }
    if header.contains_key("crit") { Err(TokenError::Critical) } else { Ok(()) }
}

/// The project, which determines the secret. It is the only claim that is read before the signature is verified.
fn project_of(claims: &Object) -> Result<&str, TokenError> {
    let project = claims.get("prj").and_then(Value::as_str).filter(|project| is_project(project));
    project.ok_or(TokenError::Claim { name: "prj", must: "a project: 1 to 32 of a-z, 0-9 and -" })
}

fn read_claims(claims: &Object) -> Result<Claims, TokenError> {
    let has_audience = match claims.get("aud") {
        Some(Value::String(audience)) => audience == AUDIENCE,
        Some(Value::Array(audiences)) => audiences.iter().any(|audience| audience == AUDIENCE),
        _ => false,
    };
    if !has_audience {
        return Err(TokenError::Audience);
    }
    let wrong = |name, must| TokenError::Claim { name, must };
    Ok(Claims {
        project: project_of(claims)?.to_owned(),
        subject: match (claims.get("jobs"), claims.get("tags")) {
            (Some(_), Some(_)) => return Err(wrong("tags", "absent if there is jobs")),
            (None, Some(tags)) => {
                let tags = RequiredTags::from_json(tags.clone(), "tags");
                Subject::Tags(tags.map_err(|_| wrong("tags", "an object of 1 to 10 strings of at most 256 bytes"))?)
            }
            (named, None) => Subject::Jobs(jobs(named).ok_or(wrong("jobs", "a list of 1 to 100 job ids"))?),
        },
        permissions: permissions(claims.get("perm"))
            .ok_or(wrong("perm", "a list of at least one of jobs:read, jobs:write, jobs:control"))?,
        expires_at: seconds(claims, "exp")?.ok_or(wrong("exp", A_TIME))?,
        issued_at: seconds(claims, "iat")?,
        not_before: seconds(claims, "nbf")?,
    })
}

fn jobs(claim: Option<&Value>) -> Option<Vec<JobId>> {
    let jobs = claim?.as_array().filter(|jobs| (1..=JOBS).contains(&jobs.len()))?;
    jobs.iter().map(|job| JobId::parse(job.as_str()?)).collect()
}

fn permissions(claim: Option<&Value>) -> Option<Permissions> {
    let names = claim?.as_array()?.iter();
    let held: Permissions = names.map(|name| Permission::from_name(name.as_str()?)).collect::<Option<_>>()?;
    (!held.is_empty() && !held.contains(Permission::Admin)).then_some(held)
}

const A_TIME: &str = "a number of seconds since 1970";

/// A NumericDate (RFC 7519 section 2). Some libraries write fractions, which are dropped.
fn seconds(claims: &Object, name: &'static str) -> Result<Option<u64>, TokenError> {
    let Some(claim) = claims.get(name) else { return Ok(None) };
    let whole = claim.as_u64().or_else(|| claim.as_f64().filter(|time| *time >= 0.0).map(|time| time as u64));
    whole.map(Some).ok_or(TokenError::Claim { name, must: A_TIME })
}

#[cfg(test)]
mod tests;
