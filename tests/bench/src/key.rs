//! API keys, job ids and random numbers of one run.

use anyhow::{Context, Result};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use sha2::{Digest, Sha256};

/// A key with every permission.
#[derive(Clone, Debug)]
pub struct Key {
    /// The text that a caller sends.
    pub text: String,
}

impl Key {
    /// Draws a new key of the project `bench`.
    pub fn draw() -> Result<Key> {
        Key::draw_for("bench")
    }

    /// Draws a new key of this project. Its id is the name of the project.
    pub fn draw_for(project: &str) -> Result<Key> {
        Ok(Key { text: format!("jp_{project}_{}", random_name()?) })
    }

    /// Its line in `API_KEYS`.
    pub fn line(&self) -> String {
        let project = self.text.split('_').nth(1).unwrap_or_default();
        let hash = URL_SAFE_NO_PAD.encode(Sha256::digest(&self.text));
        format!("{project} {project} jobs:read,jobs:write,jobs:control,jobs:admin {hash}")
    }

    /// Its hash, in the form that the baseline reads.
    pub fn sha256(&self) -> String {
        Sha256::digest(&self.text).iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

/// 43 random hexadecimal digits.
pub fn random_name() -> Result<String> {
    let mut bytes = [0; 22];
    getrandom::fill(&mut bytes).ok().context("the system gives no random bytes")?;
    let digits: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    Ok(digits.chars().take(43).collect())
}

/// A job id that no other run uses.
pub fn fresh_job() -> Result<String> {
    Ok(format!("bench-{}", random_name()?.chars().take(12).collect::<String>()))
}

/// A random number below `bound`.
pub fn random_below(bound: u64) -> u64 {
    getrandom::u64().unwrap_or(0) % bound.max(1)
}
