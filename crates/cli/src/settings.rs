//! The settings of the server: its URL and the credential.

use std::{fmt, fs, path::PathBuf};

use clap::Args;
use client::endpoints::is_src;

use crate::failure::Failure;

const URL: &str = "JOB_PROGRESS_URL";
const KEY: &str = "JOB_PROGRESS_KEY";
const TOKEN: &str = "JOB_PROGRESS_TOKEN";

/// The settings that all commands share.
///
/// No option takes a key or a token as its value, because other users of the machine can see the arguments of a process.
#[derive(Args, Clone, Debug)]
pub(crate) struct Settings {
    /// The URL of the server, such as https://status.example.com
    #[arg(long, global = true, env = URL, hide_env_values = true)]
    url: Option<String>,

    /// A file that contains the key, instead of JOB_PROGRESS_KEY or JOB_PROGRESS_TOKEN in the environment
    #[arg(long, global = true, value_name = "FILE")]
    key_file: Option<PathBuf>,
}

/// A server, and the credential for it.
#[derive(Clone, Debug)]
pub(crate) struct Server {
    /// The absolute URL, without a slash at its end.
    pub(crate) url: String,
    /// The key or token.
    pub(crate) credential: Credential,
}

/// A key or token. `Debug` does not show it.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Credential(String);

impl Credential {
    /// The text that follows `Bearer`.
    pub(crate) fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Credential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Credential(…)")
    }
}

impl Settings {
    /// The server and the credential.
    ///
    /// # Errors
    ///
    /// All settings that are missing, or the first one that is wrong.
    pub(crate) fn server(&self) -> Result<Server, Failure> {
        let credential = self.credential()?;
        let mut missing = Vec::new();
        if self.url.is_none() {
            missing.push(format!("{URL} (or --url): the URL of the server"));
        }
        if credential.is_none() {
            missing.push(format!("{KEY} (or --key-file) or {TOKEN}: a key, or a token for the job"));
        }
        match (&self.url, credential) {
            (Some(url), Some(credential)) => Ok(Server { url: parse_url(url)?, credential }),
            _ => Err(Failure::Usage(format!("these settings are missing: {}", missing.join("; ")))),
        }
    }

    /// The credential: of the file, else the key, else the token of the environment.
    fn credential(&self) -> Result<Option<Credential>, Failure> {
        if let Some(path) = &self.key_file {
            let text = fs::read_to_string(path)
                .map_err(|error| Failure::Usage(format!("the key file {} cannot be read: {error}", path.display())))?;
            return parse_credential(&text, &format!("the file {}", path.display())).map(Some);
        }
        let found = [KEY, TOKEN].into_iter().find_map(|name| Some((name, non_empty(name)?)));
        found.map(|(name, text)| parse_credential(&text, name)).transpose()
    }
}

/// The value of an environment variable, `None` if it is unset or empty.
pub(crate) fn non_empty(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

fn parse_url(url: &str) -> Result<String, Failure> {
    let is_absolute = url.split_once("://").is_some_and(|(_, rest)| !rest.is_empty() && !rest.starts_with('/'));
    // A password in a URL would be shown by error messages.
    let has_user = url.split('/').nth(2).is_some_and(|authority| authority.contains('@'));
    if !is_absolute || !is_src(url) || has_user || url.contains(char::is_whitespace) {
        let rule = "it must begin with http:// or https:// and have no user, `?` and `#`";
        return Err(Failure::Usage(format!("{URL} (or --url) is not the URL of a server: {rule}")));
    }
    Ok(url.trim_end_matches('/').to_owned())
}

fn parse_credential(text: &str, source: &str) -> Result<Credential, Failure> {
    let text = text.trim();
    if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(Failure::Usage(format!("{source} does not contain exactly one key or token")));
    }
    Ok(Credential(text.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_url_of_a_server_is_absolute_and_has_no_user_query_or_fragment() {
        assert_eq!(parse_url("https://h/jobs/").unwrap(), "https://h/jobs");
        assert_eq!(parse_url("http://127.0.0.1:8787").unwrap(), "http://127.0.0.1:8787");
        for url in
            ["", "h", "/jobs", "localhost:8787", "ftp://h", "https://", "https:///x", "https://u:p@h", "https://h?x"]
        {
            let Failure::Usage(message) = parse_url(url).unwrap_err() else { panic!("{url}") };
            assert!(message.contains(URL) && !message.contains("u:p"), "{message}");
        }
    }

    #[test]
    fn a_credential_is_one_word_and_never_shown() {
        let credential = parse_credential(" jp_a_secret\n", "KEY").unwrap();
        assert_eq!(credential.expose(), "jp_a_secret");
        assert_eq!(format!("{credential:?}"), "Credential(…)");
        for text in ["", " \n", "two words", "a\nb"] {
            let Failure::Usage(message) = parse_credential(text, "KEY").unwrap_err() else { panic!("{text}") };
            assert!(message.starts_with("KEY "), "{message}");
        }
    }
}
