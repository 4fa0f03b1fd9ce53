//! Why a deployment cannot let anybody in yet: what the operator has to set or mend.

use std::fmt;

use protocol::Problem;
use protocol::problem::Code;

/// A fault in the operator's settings. Its text becomes the message of a 503 `NOT_CONFIGURED` that strangers may read:
/// it names variables and line numbers and never repeats what stands there, for a secret may stand in the wrong place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NotConfigured {
    /// No variable holds a key line.
    NoKeys,
    /// A line that is no `id project permissions hash`.
    KeyLine {
        /// The variable, such as `API_KEYS_2`.
        variable: String,
        /// Its line, from 1.
        line: usize,
        /// What is wrong with it.
        fault: KeyLineFault,
    },
    /// `TOKEN_SECRET` is not set.
    NoTokenSecret,
    /// A token secret that could be guessed.
    ShortTokenSecret {
        /// `TOKEN_SECRET` or `TOKEN_SECRET_PREVIOUS`.
        variable: &'static str,
    },
}

/// What is wrong with a line of `API_KEYS`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyLineFault {
    /// Not four fields.
    Fields,
    /// The first field is no key id.
    Id,
    /// The second field is no project.
    Project,
    /// The third field is no list of permissions.
    Permissions,
    /// The fourth field is no SHA-256 hash.
    Hash,
    /// An earlier line has the same id.
    Repeated,
    /// An id that begins `insecure`, outside development.
    Insecure,
}

impl fmt::Display for NotConfigured {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoKeys => f.write_str(
                "This deployment has no API keys. Make one with `cargo xtask key new` \
                 and store the line it prints with `npx wrangler secret put API_KEYS`.",
            ),
            Self::KeyLine { variable, line, fault } => write!(f, "Line {line} of {variable} is refused: {fault}."),
            Self::NoTokenSecret => f.write_str(
                "This deployment has no TOKEN_SECRET. Store a random text of at least 32 characters, \
                 such as `openssl rand -base64 32` prints, with `npx wrangler secret put TOKEN_SECRET`.",
            ),
            Self::ShortTokenSecret { variable } => {
                write!(f, "{variable} is shorter than 32 characters. Use what `openssl rand -base64 32` prints.")
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
            Self::Fields => "it must have four fields separated by spaces: id, project, permissions, hash",
            Self::Id => "its first field must be the key's id: 1 to 32 of a-z and 0-9",
            Self::Project => "its second field must be a project: 1 to 32 of a-z, 0-9 and -",
            Self::Permissions => {
                "its third field must be a list without spaces of jobs:read, jobs:write, jobs:control, jobs:admin"
            }
            Self::Hash => {
                "its fourth field must be the key's SHA-256 hash as 43 characters of base64url, never the key itself"
            }
            Self::Repeated => "an earlier line has the same id",
            Self::Insecure => {
                "an id that begins `insecure` is the demo key of a developer's machine. \
                 Make a key with `cargo xtask key new`"
            }
        })
    }
}
