//! The end of a server, in the steps in which its launcher requests it. Cloudflare ends nothing in this way.

use std::fmt;

use subtle::ConstantTimeEq as _;

use crate::crypto::sha256;

/// The secret that the launcher of a server draws at each start, by which its requests are known.
#[derive(Clone, PartialEq, Eq)]
pub struct ControlSecret(String);

impl fmt::Debug for ControlSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ControlSecret(redacted)")
    }
}

/// A step that the launcher requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// The end is announced: everything is answered as before, except `GET /healthz`.
    Announce,
    /// Streams and waiting reads end, so that their readers come back, to the next server.
    EndStreams,
}

impl ControlSecret {
    /// Reads the setting `JOB_PROGRESS_CONTROL_SECRET`, which only a launcher sets.
    pub fn configure(setting: impl Fn(&str) -> Option<String>) -> Option<ControlSecret> {
        setting("JOB_PROGRESS_CONTROL_SECRET").filter(|secret| !secret.is_empty()).map(ControlSecret)
    }

    /// Whether a request with this header `Authorization` is the launcher's.
    ///
    /// ```
    /// let secret = engine::shutdown::ControlSecret::configure(|_| Some("drawn".to_owned())).unwrap();
    /// assert!(secret.admits(Some("Bearer drawn")) && !secret.admits(Some("Bearer guess")));
    /// ```
    pub fn admits(&self, authorization: Option<&str>) -> bool {
        let sent = authorization.and_then(|header| header.strip_prefix("Bearer ")).unwrap_or_default();
        // The hashes have the same length, and the time to compare them says nothing about the secret.
        sha256(sent.as_bytes()).ct_eq(&sha256(self.0.as_bytes())).into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_launcher_is_admitted() {
        let secret = ControlSecret::configure(|_| Some("PLANTED".to_owned())).unwrap();
        assert!(secret.admits(Some("Bearer PLANTED")));
        for header in [None, Some(""), Some("PLANTED"), Some("Bearer "), Some("Bearer PLANTE"), Some("bearer PLANTED")]
        {
            assert!(!secret.admits(header), "{header:?}");
        }
        assert_eq!(format!("{secret:?}"), "ControlSecret(redacted)");
        assert_eq!(ControlSecret::configure(|_| None), None);
        assert_eq!(ControlSecret::configure(|_| Some(String::new())), None);
    }
}
