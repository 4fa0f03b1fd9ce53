//! Authentication: the keys and token secrets of a deployment, and the grant of a credential.

use protocol::Timestamp;

use crate::{
    credential::{Credential, Kind, Unauthenticated},
    grant::{Grant, Holder, Scope},
    key::{KEY_VARIABLES, KeyRing},
    not_configured::NotConfigured,
    permission::Permissions,
    signer::Signer,
};

/// The keys and token secrets of the deployment.
#[derive(Clone, Debug)]
pub struct Access {
    /// The keys of every project.
    pub keys: KeyRing,
    /// The signer, which signs and verifies tokens.
    pub signer: Signer,
}

impl Access {
    /// Reads the settings `API_KEYS` … `API_KEYS_9`, `TOKEN_SECRET`, `TOKEN_SECRET_PREVIOUS` and `JOB_PROGRESS_DEV`;
    /// `setting` returns the value of a name.
    ///
    /// # Errors
    ///
    /// The setting that is missing or wrong; until it is corrected, every request is answered with a 503
    /// `NOT_CONFIGURED`.
    pub fn configure(setting: impl Fn(&str) -> Option<String>) -> Result<Access, NotConfigured> {
        let dev = setting("JOB_PROGRESS_DEV").is_some_and(|dev| dev == "1");
        let texts: Vec<_> = KEY_VARIABLES.iter().filter_map(|name| Some((*name, setting(name)?))).collect();
        let keys = KeyRing::parse(texts.iter().map(|(name, text)| (*name, text.as_str())), dev)?;
        let token_secret = setting("TOKEN_SECRET").unwrap_or_default();
        let signer = Signer::new(&token_secret, setting("TOKEN_SECRET_PREVIOUS").as_deref())?;
        Ok(Access { keys, signer })
    }

    /// Verifies a credential at `now` and returns its grant.
    ///
    /// # Errors
    ///
    /// The key is unknown, the token is not valid, or the token must not be in a URL.
    pub fn authenticate(&self, credential: Credential<'_>, now: Timestamp) -> Result<Grant, Unauthenticated> {
        if credential.kind == Kind::Key {
            let key = self.keys.find(credential.text).map_err(Unauthenticated::Key)?;
            return Ok(Grant {
                project: key.project.clone(),
                permissions: key.permissions,
                scope: Scope::Project,
                expires_at: None,
                holder: Holder::Key { id: key.id.clone() },
            });
        }
        let grant = self.signer.verify(credential.text, now).map_err(Unauthenticated::Token)?;
        if credential.kind == Kind::TokenInUrl && grant.permissions != Permissions::READ {
            return Err(Unauthenticated::ChangingTokenInUrl);
        }
        if !self.keys.has_project(&grant.project) {
            return Err(Unauthenticated::ProjectGone);
        }
        Ok(grant)
    }
}

#[cfg(test)]
mod tests {
    use protocol::id::JobId;

    use super::*;
    use crate::{
        crypto::{base64url, sha256},
        key::KeyError,
        mint::MintRequest,
        permission::Permission,
        token::TokenError,
    };

    const KEY: &str = "jp_ci_PLANTED-key-secret-0123456789";
    const TOKEN_SECRET: &str = "PLANTED-token-secret-0123456789-abcdef";
    const PREVIOUS: &str = "PLANTED-previous-secret-0123456789-abcdef";

    fn now() -> Timestamp {
        Timestamp::from_millis(1_800_000_000_000)
    }

    fn job() -> JobId {
        JobId::parse("a").unwrap()
    }

    fn key_lines(project: &str) -> String {
        format!("ci {project} jobs:read,jobs:write {}\n", base64url(&sha256(KEY.as_bytes())))
    }

    fn access_for(project: &str) -> Access {
        Access::configure(|name| match name {
            "API_KEYS_9" => Some(key_lines(project)),
            "TOKEN_SECRET" => Some(TOKEN_SECRET.to_owned()),
            "TOKEN_SECRET_PREVIOUS" => Some(PREVIOUS.to_owned()),
            _ => None,
        })
        .unwrap()
    }

    fn header(access: &Access, text: &str) -> Result<Grant, Unauthenticated> {
        access.authenticate(Credential::from_authorization(&format!("Bearer {text}")).unwrap(), now())
    }

    fn token(access: &Access, permissions: &str) -> String {
        let request = MintRequest { permissions: permissions.parse().unwrap(), ..MintRequest::read_only(&job()) };
        access.signer.mint(&request, &header(access, KEY).unwrap(), now()).unwrap().token
    }

    #[test]
    fn the_grant_of_a_key_is_for_every_job_of_its_project_and_does_not_expire() {
        let grant = header(&access_for("acme"), KEY).unwrap();
        assert_eq!((grant.project.as_str(), &grant.scope, grant.expires_at), ("acme", &Scope::Project, None));
        assert_eq!(grant.holder.to_string(), "key:ci");
        assert_eq!(grant.authorize(Permission::Write, None), Ok(()));
    }

    #[test]
    fn a_revoked_key_is_unknown() {
        let access = access_for("acme");
        assert_eq!(header(&access, &KEY.replace("ci", "old")), Err(Unauthenticated::Key(KeyError::Unknown)));
    }

    #[test]
    fn a_token_always_has_the_same_fingerprint() {
        let access = access_for("acme");
        let token = token(&access, "jobs:read");
        let grant = header(&access, &token).unwrap();
        let holder = grant.holder.to_string();
        let fingerprint = holder.strip_prefix("token:").unwrap();
        assert_eq!(fingerprint.len(), 16);
        assert_eq!(header(&access, &token).unwrap().holder, grant.holder);
        assert!(!token.contains(fingerprint));
    }

    #[test]
    fn a_token_in_the_url_must_be_read_only() {
        let access = access_for("acme");
        let in_url = |token: &str| access.authenticate(Credential::from_query(token).unwrap(), now());
        assert!(in_url(&token(&access, "jobs:read")).is_ok());
        for changing in ["jobs:write", "jobs:read,jobs:write"] {
            let token = token(&access, changing);
            assert_eq!(in_url(&token), Err(Unauthenticated::ChangingTokenInUrl));
            assert!(header(&access, &token).is_ok());
        }
    }

    #[test]
    fn the_tokens_of_a_project_without_keys_are_not_valid() {
        let token = token(&access_for("acme"), "jobs:read");
        assert_eq!(header(&access_for("other"), &token), Err(Unauthenticated::ProjectGone));
    }

    #[test]
    fn the_error_of_an_unconfigured_deployment_names_what_is_missing() {
        let with = |settings: &[(&str, &str)]| {
            let setting =
                |name: &str| settings.iter().find(|(known, _)| *known == name).map(|(_, text)| (*text).to_owned());
            Access::configure(setting).unwrap_err()
        };
        let lines = key_lines("acme");
        assert_eq!(with(&[]), NotConfigured::NoKeys);
        assert_eq!(with(&[("API_KEYS", &lines)]), NotConfigured::NoTokenSecret);
        assert_eq!(with(&[("TOKEN_SECRET", TOKEN_SECRET)]), NotConfigured::NoKeys);
    }

    #[test]
    fn the_demo_key_is_valid_only_in_development() {
        let lines = key_lines("demo").replacen("ci", "insecure1", 1);
        let with = |dev: Option<&str>| {
            Access::configure(|name| match name {
                "API_KEYS" => Some(lines.clone()),
                "TOKEN_SECRET" => Some(TOKEN_SECRET.to_owned()),
                "JOB_PROGRESS_DEV" => dev.map(str::to_owned),
                _ => None,
            })
        };
        assert!(with(Some("1")).is_ok());
        for dev in [None, Some(""), Some("0"), Some("true")] {
            assert!(with(dev).is_err(), "{dev:?}");
        }
    }

    #[test]
    fn no_debug_output_and_no_message_shows_a_secret() {
        let access = access_for("acme");
        let token = token(&access, "jobs:read");
        let signing_secret = access.signer.signing_secret("acme");
        let grant = header(&access, &token).unwrap();
        let wrong = token.replace(".ey", ".eX");
        let misplaced = format!("{KEY} {TOKEN_SECRET} jobs:read {token}");
        let printed = [
            format!("{access:?} {:?} {signing_secret:?} {grant:?} {}", access.keys.find(KEY), grant.holder),
            format!(
                "{:?} {:?}",
                Credential::from_authorization(&format!("Bearer {KEY}")),
                Credential::from_body(&token)
            ),
            format!("{:?} {:?}", Credential::from_query(&token), Credential::from_query(KEY)),
            format!("{:?}", access.signer.mint(&MintRequest::read_only(&job()), &header(&access, KEY).unwrap(), now())),
            header(&access, &wrong).map_err(|error| format!("{error:?} {error}")).unwrap_err(),
            header(&access, &format!("{KEY}x")).map_err(|error| format!("{error:?} {error}")).unwrap_err(),
            KeyRing::parse([("API_KEYS", misplaced.as_str())], false)
                .map_err(|error| format!("{error:?} {error}"))
                .unwrap_err(),
            Signer::new("PLANTED", None).map_err(|error| format!("{error:?} {error}")).unwrap_err(),
        ]
        .join("\n");
        let hash = base64url(&sha256(KEY.as_bytes()));
        let signature = token.rsplit('.').next().unwrap();
        for secret in ["PLANTED", signing_secret.reveal(), &token, signature, &hash] {
            assert!(!printed.contains(secret), "{printed}");
        }
        assert!(printed.contains("acme") && printed.contains("token:"), "{printed}");
    }

    #[test]
    fn the_error_of_an_expired_token_says_that_it_has_expired() {
        let access = access_for("acme");
        let later = Timestamp::from_millis(now().millis() + 86_400_000);
        let token = token(&access, "jobs:read");
        let credential = Credential::from_body(&token).unwrap();
        let refusal = access.authenticate(credential, later).unwrap_err();
        assert_eq!(refusal, Unauthenticated::Token(TokenError::Expired { seconds_ago: 0 }));
        assert_eq!(refusal.to_string(), "The token has expired: get a new one.");
    }
}
