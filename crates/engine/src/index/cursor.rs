//! Cursors of lists: where a page ends, as a text that says nothing to its reader.
//!
//! A page can end with a row that its reader may not see: the last one that was read to find those of its list. So a cursor is
//! encrypted, under a key of the project that is derived from the token secret, and every cursor has the same length. It is
//! authenticated too: a reader that could write cursors would move a page row by row over the jobs of others. Two cursors of
//! the same row differ, so that they cannot be compared.

use std::fmt;

use chacha20poly1305::{KeyInit as _, XChaCha20Poly1305, XNonce, aead::Aead as _};
use protocol::{Problem, Timestamp, id::JobId, limits::JOB_ID_CHARS};

use super::key::RowKey;
use crate::{
    crypto::{base64url, from_base64url},
    signer::Signer,
};

/// The random bytes of a cursor.
pub const NONCE_BYTES: usize = 24;
/// The bytes of the time in an encrypted key.
const TIME_BYTES: usize = 8;

/// Writes and reads the cursors of a project's lists.
///
/// ```
/// use engine::{index::{cursor::Cursors, key::RowKey}, signer::Signer};
/// use protocol::Timestamp;
/// let signer = Signer::new("0123456789abcdef0123456789abcdef", None).unwrap();
/// let cursors = Cursors::new(&signer, "acme", || [7; 24]);
/// let key = RowKey { created_at: Timestamp::from_millis(7), job_id: "import-42".to_owned() };
/// assert_eq!(cursors.read(&cursors.write(&key)), Ok(key.clone()));
/// assert!(Cursors::new(&signer, "other", || [7; 24]).read(&cursors.write(&key)).is_err());
/// ```
#[derive(Clone)]
pub struct Cursors {
    current: XChaCha20Poly1305,
    previous: Option<XChaCha20Poly1305>,
    random: fn() -> [u8; NONCE_BYTES],
}

impl Cursors {
    /// The cursors of a project; `random` returns new random bytes with each call. Cursors that were written under the previous
    /// token secret can be read too.
    pub fn new(signer: &Signer, project: &str, random: fn() -> [u8; NONCE_BYTES]) -> Cursors {
        let [current, previous] = signer.cursor_keys(project);
        let cipher = |key: [u8; 32]| XChaCha20Poly1305::new(&key.into());
        Cursors { current: cipher(current.unwrap_or_default()), previous: previous.map(cipher), random }
    }

    /// The cursor of a page that ends with the row of this key.
    pub fn write(&self, key: &RowKey) -> String {
        let mut text = key.created_at.millis().to_be_bytes().to_vec();
        text.extend(key.job_id.as_bytes());
        // An id has no zero bytes.
        text.resize(TIME_BYTES.saturating_add(JOB_ID_CHARS), 0);
        let nonce = (self.random)();
        // Only a text of hundreds of gigabytes cannot be encrypted.
        let encrypted = self.current.encrypt(&XNonce::from(nonce), text.as_slice()).unwrap_or_default();
        base64url(&[nonce.as_slice(), &encrypted].concat())
    }

    /// Reads a cursor.
    ///
    /// # Errors
    ///
    /// `INVALID_REQUEST` if the text is not the cursor of a page of this project.
    pub fn read(&self, text: &str) -> Result<RowKey, Problem> {
        self.decrypt(text).ok_or_else(|| Problem::invalid("cursor", "must be the `nextCursor` of a page, unchanged"))
    }

    fn decrypt(&self, text: &str) -> Option<RowKey> {
        let bytes = from_base64url(text)?;
        let (nonce, encrypted) = bytes.split_first_chunk::<NONCE_BYTES>()?;
        let nonce = XNonce::from(*nonce);
        let with = |cipher: &XChaCha20Poly1305| cipher.decrypt(&nonce, encrypted).ok();
        let text = with(&self.current).or_else(|| self.previous.as_ref().and_then(with))?;
        let (millis, id) = text.split_first_chunk::<TIME_BYTES>()?;
        let id = std::str::from_utf8(id).ok()?.trim_end_matches('\0');
        let created_at = Timestamp::from_millis(u64::from_be_bytes(*millis));
        Some(RowKey { created_at, job_id: JobId::parse(id)?.as_str().to_owned() })
    }
}

impl fmt::Debug for Cursors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Cursors(redacted)")
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    const SECRET: &str = "PLANTED-token-secret-0123456789-abcdef";

    thread_local! {
        static COUNT: Cell<u8> = const { Cell::new(0) };
    }

    fn counted() -> [u8; NONCE_BYTES] {
        COUNT.set(COUNT.get().wrapping_add(1));
        [COUNT.get(); NONCE_BYTES]
    }

    fn cursors(secret: &str, previous: Option<&str>) -> Cursors {
        Cursors::new(&Signer::new(secret, previous).unwrap(), "acme", counted)
    }

    fn key(job_id: &str) -> RowKey {
        RowKey { created_at: Timestamp::from_millis(1_800_000_000_123), job_id: job_id.to_owned() }
    }

    #[test]
    fn a_cursor_shows_neither_the_id_nor_the_time_nor_their_length_and_no_two_are_equal() {
        let cursors = cursors(SECRET, None);
        let longest = "x".repeat(JOB_ID_CHARS);
        let (short, long, again) = (cursors.write(&key("a")), cursors.write(&key(&longest)), cursors.write(&key("a")));
        assert_eq!(short.len(), long.len());
        assert_ne!(short, again);
        for id in ["secret-job-of-another", longest.as_str()] {
            let cursor = cursors.write(&key(id));
            let bytes = from_base64url(&cursor).unwrap();
            let has = |part: &[u8]| bytes.windows(part.len()).any(|window| window == part);
            assert!(!has(b"another") && !has(b"xxxx") && !has(b"18000") && !cursor.contains("another"));
            let millis = key(id).created_at.millis().to_be_bytes();
            assert!(!has(&millis[2..]), "the time");
            assert_eq!(cursors.read(&cursor), Ok(key(id)));
        }
    }

    #[test]
    fn no_text_but_a_cursor_of_the_project_is_one() {
        let cursors = cursors(SECRET, None);
        let cursor = cursors.write(&key("a"));
        let refused = |text: &str| cursors.read(text).unwrap_err().details()["field"] == "cursor";
        for at in 0..cursor.len() {
            let mut forged = cursor.clone().into_bytes();
            forged[at] = if forged[at] == b'A' { b'B' } else { b'A' };
            assert!(refused(std::str::from_utf8(&forged).unwrap()), "changed at {at}");
            assert!(refused(cursor.get(..at).unwrap()), "cut at {at}");
        }
        for text in ["", "7.a", "!", &base64url(b"1800000000123.a"), &base64url(&[0; 200])] {
            assert!(refused(text), "{text}");
        }
        let other = Cursors::new(&Signer::new(SECRET, None).unwrap(), "other", counted);
        assert!(refused(&other.write(&key("a"))));
    }

    #[test]
    fn a_cursor_survives_the_rotation_of_the_token_secret() {
        let old = cursors(SECRET, None);
        let next = "PLANTED-another-secret-0123456789-abcdef";
        let cursor = old.write(&key("a"));
        assert_eq!(cursors(next, Some(SECRET)).read(&cursor), Ok(key("a")));
        assert!(cursors(next, None).read(&cursor).is_err());
    }
}
