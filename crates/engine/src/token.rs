//! Tokens, the signed and expiring credentials of browsers: their claims, and the verification of one.
//!
//! A token is a JWT (RFC 7519) under HS256. Two clocks never agree, so what depends on the *minting* server's clock
//! (`nbf`, `iat`, the longest life) gets [`LEEWAY_SECONDS`]; `exp` gets none: it is compared with our clock alone.

use std::fmt;

use protocol::document::Object;
use protocol::id::{JobId, is_project};
use protocol::limits::{CHANGE_TOKEN_SECONDS, JOBS, READ_TOKEN_SECONDS, TOKEN_BYTES};
use protocol::{Timestamp, json};
use serde_json::Value;

use crate::crypto::{base64url, from_base64url, hmac_sha256, sha256};
use crate::grant::{Grant, Holder, Scope};
use crate::permission::{Permission, Permissions};
use crate::signer::{Signer, SigningSecret};

/// The audience of every token.
pub const AUDIENCE: &str = "job-progress";
/// Seconds a clock of a minting server may be off.
pub const LEEWAY_SECONDS: u64 = 60;

const HEADER: &str = r#"{"alg":"HS256","typ":"JWT"}"#;

/// How long tokens of one sort live.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lifetime {
    /// Seconds a token lives when its minter does not say.
    pub default_seconds: u64,
    /// Seconds a token may live at most.
    pub max_seconds: u64,
}

impl Lifetime {
    /// A token that only reads.
    pub const READ: Self = Self { default_seconds: 24 * 3600, max_seconds: READ_TOKEN_SECONDS };
    /// One that may change jobs.
    pub const CHANGE: Self = Self { default_seconds: 15 * 60, max_seconds: CHANGE_TOKEN_SECONDS };

    /// How long a token with these permissions lives.
    pub fn of(permissions: Permissions) -> Self {
        if permissions.without(Permissions::READ).is_empty() { Self::READ } else { Self::CHANGE }
    }
}

/// What a token says. Times are whole seconds since 1970, as in RFC 7519; a fraction is dropped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claims {
    /// `prj`: whose jobs.
    pub project: String,
    /// `jobs`: which of them, 1 to [`JOBS`].
    pub jobs: Vec<JobId>,
    /// `perm`: what may be done; never `jobs:admin`.
    pub permissions: Permissions,
    /// `exp`: the second from which on the token is good no more.
    pub expires_at: u64,
    /// `iat`: when it was made.
    pub issued_at: Option<u64>,
    /// `nbf`: before when it is not good yet.
    pub not_before: Option<u64>,
}

impl Claims {
    /// The token that says this, signed.
    pub fn sign(&self, secret: &SigningSecret) -> String {
        let mut claims = serde_json::json!({
            "aud": AUDIENCE,
            "prj": self.project,
            "jobs": self.jobs.iter().map(JobId::as_str).collect::<Vec<_>>(),
            "perm": self.permissions,
        });
        if let Value::Object(claims) = &mut claims {
            for (name, time) in [("iat", self.issued_at), ("nbf", self.not_before), ("exp", Some(self.expires_at))] {
                claims.extend(time.map(|time| (name.to_owned(), Value::from(time))));
            }
        }
        let message = format!("{}.{}", base64url(HEADER.as_bytes()), base64url(claims.to_string().as_bytes()));
        let signature = base64url(&hmac_sha256(secret.reveal().as_bytes(), message.as_bytes()));
        format!("{message}.{signature}")
    }
}

/// Why a token is not believed; the text of each is for whoever minted it and repeats nothing of the token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenError {
    /// More than [`TOKEN_BYTES`].
    TooLong,
    /// Not three parts of base64url, or no JSON objects in the first two.
    Malformed,
    /// `alg` is another than `HS256`, `none` among them.
    Algorithm,
    /// `typ` is another than `JWT`.
    Type,
    /// `crit` asks for extensions; there are none.
    Critical,
    /// Signed with another secret, or changed since.
    Signature,
    /// `aud` does not name us.
    Audience,
    /// A claim is missing or is not what it must be.
    Claim {
        /// The claim.
        name: &'static str,
        /// What it must be.
        must: &'static str,
    },
    /// `exp` has passed.
    Expired {
        /// Seconds since then.
        seconds_ago: u64,
    },
    /// `nbf` or `iat` lies ahead.
    NotYetValid {
        /// The claim.
        name: &'static str,
        /// How far, in seconds.
        seconds_ahead: u64,
    },
    /// `exp` lies further ahead (of `iat`, or of now without one) than its permissions allow.
    LivesTooLong {
        /// How far it may lie ahead, in seconds.
        max_seconds: u64,
    },
}

impl fmt::Display for TokenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLong => write!(f, "The token is longer than {TOKEN_BYTES} bytes."),
            Self::Malformed => f.write_str("This is no token: a JWT of three base64url parts is expected."),
            Self::Algorithm => f.write_str("The token's alg must be HS256."),
            Self::Type => f.write_str("The token's typ must be JWT."),
            Self::Critical => f.write_str("The token's header has crit, and no extension is understood here."),
            Self::Signature => f.write_str(
                "The token's signature is wrong: it must be signed with the signing secret of the project its prj names, \
                 the secret's text taken as it is.",
            ),
            Self::Audience => write!(f, "The token's aud must be \"{AUDIENCE}\"."),
            Self::Claim { name, must } => write!(f, "The token's {name} must be {must}."),
            Self::Expired { .. } => f.write_str("The token has expired: get a new one."),
            Self::NotYetValid { name, seconds_ahead } => write!(
                f,
                "The token's {name} lies {seconds_ahead} s ahead: check the clock of the server that minted it."
            ),
            Self::LivesTooLong { max_seconds } => write!(
                f,
                "The token lives too long: with its permissions its exp may lie at most {max_seconds} s after it was minted."
            ),
        }
    }
}

impl std::error::Error for TokenError {}

impl Signer {
    /// The grant of a token, if it is to be believed at `now`.
    ///
    /// Before the signature is verified only `alg`, `typ`, `crit` and `prj` are looked at. A token that would live
    /// longer than [`Lifetime`] allows is refused whoever minted it, so a signing secret makes none that outlive a leak
    /// by years. By `exp - iat` if it has `iat`, and in any case by the time it has left.
    ///
    /// # Errors
    /// What is wrong with it, the first thing found.
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
            scope: Scope::Jobs(claims.jobs),
            expires_at: Some(Timestamp::from_millis(claims.expires_at.saturating_mul(1000))),
            holder: Holder::Token { print: base64url(&sha256(token.as_bytes())).chars().take(16).collect() },
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
    let max_seconds = Lifetime::of(claims.permissions).max_seconds;
    let born = claims.issued_at.map_or(now, |issued_at| issued_at.min(now));
    if claims.expires_at.saturating_sub(born) > max_seconds.saturating_add(LEEWAY_SECONDS) {
        return Err(TokenError::LivesTooLong { max_seconds });
    }
    Ok(())
}

/// The header or the claims of a token, each value still of any shape, so that a wrong one can be named.
fn read_object(part: &str) -> Result<Object, TokenError> {
    match from_base64url(part).and_then(|text| json::parse(&text).ok()) {
        Some(Value::Object(object)) => Ok(object),
        _ => Err(TokenError::Malformed),
    }
}

/// Checks what a header may say; `kid`, `jku` and their like choose no key here.
fn check_header(header: &Object) -> Result<(), TokenError> {
    if header.get("alg").and_then(Value::as_str) != Some("HS256") {
        return Err(TokenError::Algorithm);
    }
    // Some libraries write no typ unless asked. The secret signs nothing but our tokens, so none can be taken for another's.
    if header.get("typ").is_some_and(|typ| !typ.as_str().is_some_and(|typ| typ.eq_ignore_ascii_case("JWT"))) {
        return Err(TokenError::Type);
    }
    if header.contains_key("crit") { Err(TokenError::Critical) } else { Ok(()) }
}

/// The project, which says whose secret must have signed; every other claim waits for that.
fn project_of(claims: &Object) -> Result<&str, TokenError> {
    let project = claims.get("prj").and_then(Value::as_str).filter(|project| is_project(project));
    project.ok_or(TokenError::Claim { name: "prj", must: "a project: 1 to 32 of a-z, 0-9 and -" })
}

fn read_claims(claims: &Object) -> Result<Claims, TokenError> {
    let for_us = match claims.get("aud") {
        Some(Value::String(audience)) => audience == AUDIENCE,
        Some(Value::Array(audiences)) => audiences.iter().any(|audience| audience == AUDIENCE),
        _ => false,
    };
    if !for_us {
        return Err(TokenError::Audience);
    }
    let wrong = |name, must| TokenError::Claim { name, must };
    Ok(Claims {
        project: project_of(claims)?.to_owned(),
        jobs: jobs(claims.get("jobs")).ok_or(wrong("jobs", "a list of 1 to 100 job ids"))?,
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

/// A NumericDate (RFC 7519 section 2): some libraries write fractions.
fn seconds(claims: &Object, name: &'static str) -> Result<Option<u64>, TokenError> {
    let Some(claim) = claims.get(name) else { return Ok(None) };
    let whole = claim.as_u64().or_else(|| claim.as_f64().filter(|time| *time >= 0.0).map(|time| time as u64));
    whole.map(Some).ok_or(TokenError::Claim { name, must: A_TIME })
}

#[cfg(test)]
mod tests;
