//! The certificates of authorities by which the runtime verifies the receivers of webhooks.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use rustls_native_certs::load_native_certs;
use webpki_root_certs::TLS_SERVER_ROOT_CERTS;

/// The variable that names a file of certificates; the runtime and [`load_native_certs`] read it.
const VARIABLE: &str = "SSL_CERT_FILE";

/// The name of the file.
const FILE: &str = "certificates.pem";

/// The characters of a line in a PEM file.
const LINE: usize = 64;

/// The variable by which the runtime finds certificates if the system has none, as in a small container: without any it does
/// not start. Their file, with those that Mozilla's root programme contains, is written into `folder`.
///
/// # Errors
///
/// The file cannot be written.
pub fn variable(folder: &Path) -> Result<Option<(&'static str, PathBuf)>> {
    if !load_native_certs().certs.is_empty() {
        return Ok(None);
    }
    let file = folder.join(FILE);
    fs::write(&file, pem()).with_context(|| format!("cannot write {}", file.display()))?;
    Ok(Some((VARIABLE, file)))
}

fn pem() -> String {
    let mut text = String::new();
    for certificate in TLS_SERVER_ROOT_CERTS {
        text.push_str("-----BEGIN CERTIFICATE-----\n");
        for (index, character) in STANDARD.encode(certificate).chars().enumerate() {
            if index > 0 && index % LINE == 0 {
                text.push('\n');
            }
            text.push(character);
        }
        text.push_str("\n-----END CERTIFICATE-----\n");
    }
    text
}

#[cfg(test)]
mod tests {
    use rustls_native_certs::load_certs_from_paths;

    use super::*;

    #[test]
    fn the_file_has_every_certificate() {
        let file = std::env::temp_dir().join(format!("job-progress-certificates-{}", std::process::id()));
        fs::write(&file, pem()).unwrap();
        let loaded = load_certs_from_paths(Some(&file), None);
        assert_eq!((loaded.certs.len(), loaded.errors.len()), (TLS_SERVER_ROOT_CERTS.len(), 0));
        fs::remove_file(&file).unwrap();
    }
}
