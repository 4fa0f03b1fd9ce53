//! API keys for the deployment of a single test.

use sha2::{Digest as _, Sha256};

use crate::{target::fresh_name, token::base64url};

/// Every permission.
pub const EVERYTHING: &str = "jobs:read,jobs:write,jobs:control,jobs:admin";

/// A key, and its line in the setting `API_KEYS`.
#[derive(Clone, Debug)]
pub struct Key {
    /// `jp_<id>_<secret>`.
    pub text: String,
    /// `id project permissions hash`.
    pub line: String,
}

impl Key {
    /// A key with a fresh secret.
    ///
    /// # Panics
    ///
    /// When the system gives no random bytes.
    pub fn draw(id: &str, project: &str, permissions: &str) -> Key {
        let text = format!("jp_{id}_{}{}", fresh_name(), fresh_name());
        let line = format!("{id} {project} {permissions} {}", base64url(Sha256::digest(&text)));
        Key { text, line }
    }
}
