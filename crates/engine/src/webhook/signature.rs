//! The signature of a delivery (Standard Webhooks, <https://github.com/standard-webhooks/standard-webhooks>).

use base64::{Engine as _, engine::general_purpose::STANDARD};

use crate::{crypto::hmac_sha256, signer::Signer};

/// The text that is signed to derive a project's secret, in front of the project's name.
const DERIVATION: &str = "job-progress/webhooks/v1/";

impl Signer {
    /// The text with which receivers verify the deliveries of a project: `whsec_` and
    /// base64(HMAC-SHA256(`TOKEN_SECRET`, `"job-progress/webhooks/v1/"` + project)).
    ///
    /// ```
    /// let signer = engine::signer::Signer::new("0123456789abcdef0123456789abcdef", None).unwrap();
    /// assert_eq!(signer.webhook_secret("acme"), "whsec_qmt/1pPXvOPWdgExbfvTGaRCOp3489n6VlK2FTMvNKs=");
    /// ```
    pub fn webhook_secret(&self, project: &str) -> String {
        let [current, _] = self.token_secrets();
        format!("whsec_{}", STANDARD.encode(derive(current.unwrap_or_default(), project)))
    }

    /// The value of `webhook-signature`: one signature, and while `TOKEN_SECRET_PREVIOUS` is set, one with the secret that is
    /// derived from it.
    pub fn webhook_signature(&self, project: &str, id: &str, seconds: u64, payload: &str) -> String {
        let message = format!("{id}.{seconds}.{payload}");
        let secrets = self.token_secrets().into_iter().flatten().map(|secret| derive(secret, project));
        let signatures: Vec<String> = secrets.map(|key| sign(&key, &message)).collect();
        signatures.join(" ")
    }
}

fn derive(token_secret: &str, project: &str) -> [u8; 32] {
    hmac_sha256(token_secret.as_bytes(), format!("{DERIVATION}{project}").as_bytes())
}

fn sign(key: &[u8], message: &str) -> String {
    format!("v1,{}", STANDARD.encode(hmac_sha256(key, message.as_bytes())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_signature_is_that_of_the_published_vector() {
        // The vector in the tests of the reference libraries of Standard Webhooks.
        let key = STANDARD.decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap();
        let message = r#"msg_p5jXN8AQM9LWM0D4loKWxJek.1614265330.{"test": 2432232314}"#;
        assert_eq!(sign(&key, message), "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }

    #[test]
    fn while_the_secret_is_replaced_both_signatures_are_sent() {
        let (new, old) = ("n".repeat(32), "o".repeat(32));
        let both = Signer::new(&new, Some(&old)).unwrap().webhook_signature("acme", "id", 7, "{}");
        let alone = |secret| Signer::new(secret, None).unwrap().webhook_signature("acme", "id", 7, "{}");
        assert_eq!(both, format!("{} {}", alone(&new), alone(&old)));
        assert_ne!(alone(&new), Signer::new(&new, None).unwrap().webhook_signature("other", "id", 7, "{}"));
    }
}
