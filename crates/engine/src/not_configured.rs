//! Errors in the operator's settings, because of which the deployment answers every request with 503.

use std::fmt;

use protocol::{Problem, limits::INDEX_SHARDS, problem::Code};

/// An error in the operator's settings. Its text is the message of a 503 `NOT_CONFIGURED`, which anybody can read: it
/// names variables and line numbers and never quotes a value, which may be a secret in the wrong place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NotConfigured {
    /// No variable holds a key line.
    NoKeys,
    /// A line is not `id project permissions hash`.
    KeyLine {
        /// The variable, such as `API_KEYS_2`.
        variable: String,
        /// The number of the line, from 1.
        line: usize,
        /// The error in the line.
        fault: KeyLineFault,
    },
    /// A line is not `project url [events]`.
    WebhookLine {
        /// The number of the line, from 1.
        line: usize,
        /// The error in the line.
        fault: &'static str,
    },
    /// `TOKEN_SECRET` is not set.
    NoTokenSecret,
    /// A token secret is so short that it could be guessed.
    ShortTokenSecret {
        /// `TOKEN_SECRET` or `TOKEN_SECRET_PREVIOUS`.
        variable: &'static str,
    },
    /// An entry of `TRUSTED_PROXIES` is neither an address nor a network.
    TrustedProxy {
        /// The number of the entry, from 1.
        entry: usize,
    },
    /// `INDEX` is neither `on` nor `off`.
    Index,
    /// `INDEX_SHARDS` is not a number of shards.
    IndexShards,
    /// The operation needs the index, which is off.
    IndexOff,
}

/// An error in a line of `API_KEYS`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyLineFault {
    /// The line does not have four fields.
    Fields,
    /// The first field is not a key id.
    Id,
    /// The second field is not a project.
    Project,
    /// The third field is not a list of permissions.
    Permissions,
    /// The fourth field is not a SHA-256 hash.
    Hash,
    /// An earlier line has the same id.
    Repeated,
    /// The id begins with `insecure`, outside development.
    Insecure,
}

impl fmt::Display for NotConfigured {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            NotConfigured::NoKeys => f.write_str(
                "This deployment has no API keys. Create one with `cargo xtask key new` \
                 and set API_KEYS to the line it prints; on Cloudflare with `npx wrangler secret put API_KEYS`.",
            ),
            NotConfigured::KeyLine { variable, line, fault } => {
                write!(f, "Line {line} of {variable} is invalid: {fault}.")
            }
            NotConfigured::WebhookLine { line, fault } => write!(f, "Line {line} of WEBHOOKS is invalid: {fault}."),
            NotConfigured::NoTokenSecret => f.write_str(
                "This deployment has no TOKEN_SECRET. Create a random text of at least 32 characters, \
                 for example with `openssl rand -base64 32`, and set TOKEN_SECRET to it; on Cloudflare with \
                 `npx wrangler secret put TOKEN_SECRET`.",
            ),
            NotConfigured::ShortTokenSecret { variable } => {
                write!(f, "{variable} is shorter than 32 characters. Use the output of `openssl rand -base64 32`.")
            }
            NotConfigured::TrustedProxy { entry } => write!(
                f,
                "Entry {entry} of TRUSTED_PROXIES is invalid: it must be the address of a proxy, such as 127.0.0.1, \
                 or a network of them, such as 10.0.0.0/8."
            ),
            NotConfigured::Index => f.write_str("INDEX is invalid: it must be `on`, `off`, or absent, which is on."),
            NotConfigured::IndexShards => {
                write!(f, "INDEX_SHARDS is invalid: it must be a number from 1 to {INDEX_SHARDS}.")
            }
            NotConfigured::IndexOff => {
                f.write_str("This deployment has no index of its jobs: remove the setting INDEX=off.")
            }
        }
    }
}

impl std::error::Error for NotConfigured {}

impl From<NotConfigured> for Problem {
    fn from(fault: NotConfigured) -> Problem {
        Problem::new(Code::NotConfigured, fault.to_string())
    }
}

impl fmt::Display for KeyLineFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            KeyLineFault::Fields => "it must have four fields separated by spaces: id, project, permissions, hash",
            KeyLineFault::Id => "its first field must be the key's id: 1 to 32 of a-z and 0-9",
            KeyLineFault::Project => "its second field must be a project: 1 to 32 of a-z, 0-9 and -",
            KeyLineFault::Permissions => {
                "its third field must be a list without spaces of jobs:read, jobs:write, jobs:control, jobs:admin"
            }
            KeyLineFault::Hash => {
                "its fourth field must be the SHA-256 hash of the key (43 characters of base64url), not the key itself"
            }
            KeyLineFault::Repeated => "an earlier line has the same id",
            KeyLineFault::Insecure => {
                "an id that begins with `insecure` is for the demo key of a development server. \
                 Create a key with `cargo xtask key new`"
            }
        })
    }
}
