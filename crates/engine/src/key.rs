//! API keys, the credentials of servers: their form, the operator's lines of hashes, and the look-up of a key.
//!
//! A key is `jp_<id>_<secret>`: the id is 1 to 32 of `a-z0-9`, the secret 22 to 128 of `A-Za-z0-9_-` (22 characters of
//! base64url are 128 bits). It is split at its first two underscores, so the secret may contain more of them.
//!
//! The operator stores one line per key, `id project permissions hash`, where the hash is base64url(SHA-256(whole key))
//! without padding. Blank lines and lines that begin with `#` are ignored. A plain hash is enough, because a key is
//! random and cannot be guessed like a password.

use std::fmt;

use protocol::id::is_project;
use subtle::ConstantTimeEq as _;

use crate::{
    crypto::{from_base64url, sha256},
    not_configured::{KeyLineFault, NotConfigured},
    permission::Permissions,
};

/// The variables with key lines. There are nine, because a Workers secret has at most 5 KB.
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

/// The prefix of every key, by which people and secret scanners recognize one.
pub const KEY_PREFIX: &str = "jp_";

/// The prefix of the id of a demo key, which is printed on terminals and put into URLs.
const INSECURE: &str = "insecure";

/// A key of the deployment. Only the hash of its text is stored.
#[derive(Clone, PartialEq, Eq)]
pub struct Key {
    /// The id, which names the key in logs and is not secret.
    pub id: String,
    /// The project of the key.
    pub project: String,
    /// The permissions of the key.
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

/// Every key of the deployment. A project may have several, so that a new key is valid before the old one is removed.
#[derive(Clone, Debug, Default)]
pub struct KeyRing {
    keys: Vec<Key>,
}

/// Why a key is not accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyError {
    /// The text does not have the form of a key.
    Form,
    /// There is no key with this id, or its secret is another one. The caller does not learn which of the two.
    Unknown,
}

impl fmt::Display for KeyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            KeyError::Form => {
                "The API key is malformed: a key has the form jp_<id>_<secret>. Check that it was not cut off."
            }
            KeyError::Unknown => "The API key is unknown: it was revoked, mistyped, or belongs to another deployment.",
        })
    }
}

impl std::error::Error for KeyError {}

impl KeyRing {
    /// Parses the key lines of several variables, given as `(name, text)`. Demo keys are accepted only with `dev`.
    ///
    /// # Errors
    ///
    /// The variable and number of the first malformed line, or that there is no key at all. One malformed line
    /// invalidates all of them, so that an operator who mistypes a change learns of it at once.
    pub fn parse<'a>(
        variables: impl IntoIterator<Item = (&'a str, &'a str)>,
        dev: bool,
    ) -> Result<KeyRing, NotConfigured> {
        let mut ring = KeyRing::default();
        for (variable, text) in variables {
            for (line, number) in text.lines().map(str::trim_ascii).zip(1..) {
                if line.is_empty() || line.starts_with('#') {
                    continue;
                }
                let fail = |fault| NotConfigured::KeyLine { variable: variable.to_owned(), line: number, fault };
                let key = parse_line(line).map_err(fail)?;
                if !dev && key.id.starts_with(INSECURE) {
                    return Err(fail(KeyLineFault::Insecure));
                }
                if ring.by_id(&key.id).is_some() {
                    return Err(fail(KeyLineFault::Repeated));
                }
                ring.keys.push(key);
            }
        }
        if ring.keys.is_empty() { Err(NotConfigured::NoKeys) } else { Ok(ring) }
    }

    /// The key with this text. The time taken does not depend on the secret: hashes are compared in constant time, and
    /// an unknown id takes the same work.
    ///
    /// # Errors
    ///
    /// The text does not have the form of a key, or no key has this text.
    pub fn find(&self, text: &str) -> Result<&Key, KeyError> {
        let id = id_of(text).ok_or(KeyError::Form)?;
        let hash = sha256(text.as_bytes());
        let key = self.by_id(id);
        let expected = key.map_or(&[0; 32], |key| &key.hash);
        let same = bool::from(hash.ct_eq(expected));
        key.filter(|_| same).ok_or(KeyError::Unknown)
    }

    /// Whether the project has a key. The tokens of a project without keys are not valid, so removing its keys closes
    /// the project.
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

/// The id in the text of a key; `None` unless the whole text has the form of a key.
fn id_of(text: &str) -> Option<&str> {
    let (id, secret) = text.strip_prefix(KEY_PREFIX)?.split_once('_')?;
    let secret_fits = (22..=128).contains(&secret.len())
        && secret.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'));
    (is_key_id(id) && secret_fits).then_some(id)
}

fn parse_line(line: &str) -> Result<Key, KeyLineFault> {
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
