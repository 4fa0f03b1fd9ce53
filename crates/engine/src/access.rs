//! The door: the operator's settings, and who is let in with which credential.

use protocol::Timestamp;

use crate::credential::{Credential, Sort, Unauthenticated};
use crate::grant::{Grant, Holder, Scope};
use crate::key::{KEY_VARIABLES, KeyRing};
use crate::not_configured::NotConfigured;
use crate::permission::Permissions;
use crate::signer::Signer;

/// Everything needed to tell a caller from a stranger: the deployment's keys and token secrets.
#[derive(Clone, Debug)]
pub struct Access {
    /// The keys of every project.
    pub keys: KeyRing,
    /// What signs and verifies tokens.
    pub signer: Signer,
}

impl Access {
    /// Reads `API_KEYS` … `API_KEYS_9`, `TOKEN_SECRET`, `TOKEN_SECRET_PREVIOUS` and `JOB_PROGRESS_DEV` by asking for
    /// each by name.
    ///
    /// # Errors
    /// What is missing or wrong; until it is mended every call is a 503 `NOT_CONFIGURED`.
    pub fn configure(setting: impl Fn(&str) -> Option<String>) -> Result<Self, NotConfigured> {
        let dev = setting("JOB_PROGRESS_DEV").is_some_and(|dev| dev == "1");
        let texts: Vec<_> = KEY_VARIABLES.iter().filter_map(|name| Some((*name, setting(name)?))).collect();
        let keys = KeyRing::parse(texts.iter().map(|(name, text)| (*name, text.as_str())), dev)?;
        let token_secret = setting("TOKEN_SECRET").unwrap_or_default();
        let signer = Signer::new(&token_secret, setting("TOKEN_SECRET_PREVIOUS").as_deref())?;
        Ok(Self { keys, signer })
    }

    /// Who sent this credential, and what it grants at `now`.
    ///
    /// # Errors
    /// The key is not known, the token is not to be believed, or it stands where it must not.
    pub fn authenticate(&self, credential: Credential<'_>, now: Timestamp) -> Result<Grant, Unauthenticated> {
        if credential.sort == Sort::Key {
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
        if credential.sort == Sort::TokenInUrl && grant.permissions != Permissions::READ {
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
    use super::*;
    use crate::crypto::{base64url, sha256};
    use crate::key::KeyError;
    use crate::mint::MintRequest;
    use crate::permission::Permission;
    use crate::token::TokenError;
    use protocol::id::JobId;

    fn now() -> Timestamp {
        Timestamp::from_millis(1_800_000_000_000)
    }
    const KEY: &str = "jp_ci_PLANTED-key-secret-0123456789";
    const TOKEN_SECRET: &str = "PLANTED-token-secret-0123456789-abcdef";
    const PREVIOUS: &str = "PLANTED-previous-secret-0123456789-abcdef";

    fn job() -> JobId {
        JobId::parse("a").unwrap()
    }

    fn key_lines(project: &str) -> String {
        format!("ci {project} jobs:read,jobs:write {}\n", base64url(&sha256(KEY.as_bytes())))
    }

    fn access_of(project: &str) -> Access {
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
        let request = MintRequest { permissions: permissions.parse().unwrap(), ..MintRequest::to_read(&job()) };
        access.signer.mint(&request, &header(access, KEY).unwrap(), now()).unwrap().token
    }

    #[test]
    fn a_key_opens_every_job_of_its_project_for_as_long_as_it_stands() {
        let grant = header(&access_of("acme"), KEY).unwrap();
        assert_eq!((grant.project.as_str(), &grant.scope, grant.expires_at), ("acme", &Scope::Project, None));
        assert_eq!(grant.holder.to_string(), "key:ci");
        assert_eq!(grant.authorize(Permission::Write, None), Ok(()));
    }

    #[test]
    fn a_revoked_key_opens_nothing() {
        let access = access_of("acme");
        assert_eq!(header(&access, &KEY.replace("ci", "old")), Err(Unauthenticated::Key(KeyError::Unknown)));
    }

    #[test]
    fn a_token_is_known_by_a_print_that_stays_the_same() {
        let access = access_of("acme");
        let token = token(&access, "jobs:read");
        let grant = header(&access, &token).unwrap();
        let holder = grant.holder.to_string();
        let print = holder.strip_prefix("token:").unwrap();
        assert_eq!(print.len(), 16);
        assert_eq!(header(&access, &token).unwrap().holder, grant.holder);
        assert!(!token.contains(print));
    }

    #[test]
    fn a_token_in_the_url_may_only_read() {
        let access = access_of("acme");
        let in_url = |token: &str| access.authenticate(Credential::from_query(token).unwrap(), now());
        assert!(in_url(&token(&access, "jobs:read")).is_ok());
        for changing in ["jobs:write", "jobs:read,jobs:write"] {
            let token = token(&access, changing);
            assert_eq!(in_url(&token), Err(Unauthenticated::ChangingTokenInUrl));
            assert!(header(&access, &token).is_ok());
        }
    }

    #[test]
    fn a_project_without_keys_has_no_tokens_either() {
        let token = token(&access_of("acme"), "jobs:read");
        assert_eq!(header(&access_of("other"), &token), Err(Unauthenticated::ProjectGone));
    }

    #[test]
    fn an_unconfigured_deployment_says_what_is_missing() {
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
    fn the_demo_key_needs_the_word_of_a_developers_machine() {
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
    fn nothing_that_can_be_printed_shows_a_secret() {
        let access = access_of("acme");
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
            format!("{:?}", access.signer.mint(&MintRequest::to_read(&job()), &header(&access, KEY).unwrap(), now())),
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
    fn a_token_that_is_not_believed_says_why() {
        let access = access_of("acme");
        let later = Timestamp::from_millis(now().millis() + 86_400_000);
        let token = token(&access, "jobs:read");
        let credential = Credential::from_body(&token).unwrap();
        let refusal = access.authenticate(credential, later).unwrap_err();
        assert_eq!(refusal, Unauthenticated::Token(TokenError::Expired { seconds_ago: 0 }));
        assert_eq!(refusal.to_string(), "The token has expired: get a new one.");
    }
}
