//! The address of the server under test, and credentials for it.

use std::sync::OnceLock;

/// The server under test, as the environment names it.
#[derive(Debug)]
pub struct Target {
    /// `http://host:port`, without a slash at the end.
    pub base_url: String,
    /// A key with every permission.
    pub key: String,
    /// A key of the same project with `jobs:read` alone.
    pub read_key: String,
    /// A key of the same project with `jobs:write` alone.
    pub write_key: String,
    /// A key with every permission in another project.
    pub other_key: String,
    /// The secret from which the signing secrets of all projects are derived.
    pub token_secret: String,
    /// The project of the first three keys.
    pub project: String,
}

impl Target {
    /// The server under test.
    ///
    /// # Panics
    ///
    /// When a variable is unset, with its name and meaning.
    pub fn get() -> &'static Target {
        static TARGET: OnceLock<Target> = OnceLock::new();
        TARGET.get_or_init(|| Target {
            base_url: variable("BASE_URL", "the server under test, http://127.0.0.1:8787").trim_end_matches('/').into(),
            key: variable("API_KEY", "a key with every permission"),
            read_key: variable("API_KEY_READ", "a key of the same project with jobs:read alone"),
            write_key: variable("API_KEY_WRITE", "a key of the same project with jobs:write alone"),
            other_key: variable("API_KEY_OTHER", "a key with every permission in another project"),
            token_secret: variable("TOKEN_SECRET", "the secret of the server, to mint tokens with"),
            project: variable("PROJECT", "the project of API_KEY"),
        })
    }
}

/// `host:port` of a server.
///
/// # Panics
///
/// When it does not begin with `http://`.
pub fn authority(base_url: &str) -> &str {
    match base_url.strip_prefix("http://") {
        Some(authority) => authority,
        None => panic!("the address of a server must begin with http://, but is {base_url}"),
    }
}

fn variable(name: &str, meaning: &str) -> String {
    match std::env::var(name) {
        Ok(value) if !value.is_empty() => value,
        _ => panic!("{name} is not set: {meaning}. `cargo xtask test` starts a server and sets all of them"),
    }
}

/// A job id that no other test uses.
///
/// # Panics
///
/// When the system has no random bytes.
pub fn fresh_job() -> String {
    format!("test-{}", fresh_name())
}

/// Sixteen random hexadecimal digits.
///
/// # Panics
///
/// When the system has no random bytes.
pub fn fresh_name() -> String {
    match getrandom::u64() {
        Ok(random) => format!("{random:016x}"),
        Err(error) => panic!("the system has no random bytes: {error}"),
    }
}
