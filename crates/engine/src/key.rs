//! Keys, the secrets of servers: their text, the operator's lines of hashes, and the look-up of a presented key.
//!
//! A key is `jp_<id>_<secret>`: the id 1 to 32 of `a-z0-9`, the secret 22 to 128 of `A-Za-z0-9_-` (22 characters of
//! base64url carry 128 bits). It is split at its first two underscores, so the secret may hold more of them.
//! The operator stores a line a key, `id project permissions hash`, the hash being base64url(SHA-256(the whole key))
//! without padding. Blank lines and lines that begin with `#` mean nothing. A plain hash is enough because a key is
//! random, not a password: there is nothing to guess from.

use std::fmt;

use protocol::id::is_project;
use subtle::ConstantTimeEq as _;

use crate::crypto::{from_base64url, sha256};
use crate::not_configured::{KeyLineFault, NotConfigured};
use crate::permission::Permissions;

/// The variables that hold key lines; nine, since a Workers secret holds 5 KB.
pub const KEY_VARIABLES: [&str; 9] = [
    "API_KEYS",
    "API_KEYS_2",
    "API_KEYS_3",
    "API_KEYS_4",
    "API_KEYS_5",
    "API_KEYS_6",
    "API_KEYS_7",
    "API_KEYS_8",
    "API_KEYS_9",
];

/// What every key begins with, so that people and secret scanners know one when they see it.
pub const KEY_PREFIX: &str = "jp_";

/// How the id of a demo key begins; such a key is printed on terminals and put into URLs.
const INSECURE: &str = "insecure";

/// One key the operator has let in; its secret is known only by its hash.
#[derive(Clone, PartialEq, Eq)]
pub struct Key {
    /// Names the key in logs; not secret.
    pub id: String,
    /// Whose jobs it opens.
    pub project: String,
    /// What it may do.
    pub permissions: Permissions,
    hash: [u8; 32],
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Key")
            .field("id", &self.id)
            .field("project", &self.project)
            .field("permissions", &self.permissions)
            .finish_non_exhaustive()
    }
}

/// Every key of the deployment. A project may have several, so that a new one can work before the old one goes.
#[derive(Clone, Debug, Default)]
pub struct KeyRing {
    keys: Vec<Key>,
}

/// Why a presented key opens nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyError {
    /// The text does not have the form of a key.
    Form,
    /// No such key, or another secret: which of the two is not told.
    Unknown,
}

impl fmt::Display for KeyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Form => "This is no whole API key: one reads jp_<id>_<secret>. Check that nothing was cut off.",
            Self::Unknown => {
                "This API key is not known here: it was revoked, mistyped, or belongs to another deployment."
            }
        })
    }
}

impl std::error::Error for KeyError {}

impl KeyRing {
    /// Reads the key lines of several variables, given as `(name, text)`. The demo key is taken only with `dev`.
    ///
    /// # Errors
    /// The first line that cannot be read, by variable and number; or that there is no key at all. One bad line refuses
    /// all of them: an operator who believes to have changed a key should hear of it at once.
    pub fn parse<'a>(
        variables: impl IntoIterator<Item = (&'a str, &'a str)>,
        dev: bool,
    ) -> Result<Self, NotConfigured> {
        let mut ring = Self::default();
        for (variable, text) in variables {
            for (line, number) in text.lines().map(str::trim_ascii).zip(1..) {
                if line.is_empty() || line.starts_with('#') {
                    continue;
                }
                let refuse = |fault| NotConfigured::KeyLine { variable: variable.to_owned(), line: number, fault };
                let key = read_line(line).map_err(refuse)?;
                if !dev && key.id.starts_with(INSECURE) {
                    return Err(refuse(KeyLineFault::Insecure));
                }
                if ring.by_id(&key.id).is_some() {
                    return Err(refuse(KeyLineFault::Repeated));
                }
                ring.keys.push(key);
            }
        }
        if ring.keys.is_empty() { Err(NotConfigured::NoKeys) } else { Ok(ring) }
    }

    /// The key whose text this is. The time taken tells nothing of the secret: hashes are compared, in constant time,
    /// and an id nobody has costs the same work.
    ///
    /// # Errors
    /// The text is no key, or none of these.
    pub fn find(&self, presented: &str) -> Result<&Key, KeyError> {
        let id = id_of(presented).ok_or(KeyError::Form)?;
        let hash = sha256(presented.as_bytes());
        let key = self.by_id(id);
        let expected = key.map_or(&[0; 32], |key| &key.hash);
        let same = bool::from(hash.ct_eq(expected));
        key.filter(|_| same).ok_or(KeyError::Unknown)
    }

    /// Whether any key opens this project. A project without keys has no tokens either: taking away its keys ends it.
    pub fn has_project(&self, project: &str) -> bool {
        self.keys.iter().any(|key| key.project == project)
    }

    fn by_id(&self, id: &str) -> Option<&Key> {
        self.keys.iter().find(|key| key.id == id)
    }
}

fn is_key_id(text: &str) -> bool {
    (1..=32).contains(&text.len()) && text.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9'))
}

/// The id in a key's text, `None` unless the whole text has the form of a key.
fn id_of(text: &str) -> Option<&str> {
    let (id, secret) = text.strip_prefix(KEY_PREFIX)?.split_once('_')?;
    let secret_fits = (22..=128).contains(&secret.len())
        && secret.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'));
    (is_key_id(id) && secret_fits).then_some(id)
}

fn read_line(line: &str) -> Result<Key, KeyLineFault> {
    let mut fields = line.split_ascii_whitespace();
    let (Some(id), Some(project), Some(permissions), Some(hash), None) =
        (fields.next(), fields.next(), fields.next(), fields.next(), fields.next())
    else {
        return Err(KeyLineFault::Fields);
    };
    if !is_key_id(id) {
        return Err(KeyLineFault::Id);
    }
    if !is_project(project) {
        return Err(KeyLineFault::Project);
    }
    Ok(Key {
        id: id.to_owned(),
        project: project.to_owned(),
        permissions: permissions.parse().map_err(|_| KeyLineFault::Permissions)?,
        hash: from_base64url(hash).and_then(|hash| hash.try_into().ok()).ok_or(KeyLineFault::Hash)?,
    })
}

#[cfg(test)]
mod tests;
