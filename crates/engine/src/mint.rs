//! Minting tokens on behalf of a key: which tokens a key may mint, and with which lifetime.

use std::fmt;

use protocol::{
    Problem, Timestamp,
    fields::{Fields, integer, list, word},
    id::JobId,
    limits::{JOBS, TOKEN_BYTES},
};
use serde::Serialize;
use serde_json::Value;

use crate::{
    grant::{Cause, Denied, Grant, Scope},
    permission::{Permission, Permissions},
    signer::Signer,
    tags::RequiredTags,
    token::{Claims, Lifetime, Subject},
};

/// The permissions that a token may have: all except `jobs:admin`, which only keys have.
pub(crate) const MINTABLE: [Permission; 3] = [Permission::Read, Permission::Write, Permission::Control];

/// A request to mint a token: the body of `POST /v2/tokens`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(rename = "TokenRequest", rename_all = "camelCase", deny_unknown_fields))]
#[cfg_attr(feature = "schema", schemars(extend("oneOf" = subjects(), "anyOf" = lifetimes())))]
pub struct MintRequest {
    /// The jobs that the token is for.
    #[cfg_attr(feature = "schema", schemars(flatten, with = "SubjectFields"))]
    pub subject: Subject,
    /// The permissions of the token.
    #[cfg_attr(feature = "schema", schemars(with = "Option<Vec<String>>", length(min = 1, max = MINTABLE.len())))]
    #[cfg_attr(feature = "schema", schemars(extend("items" = mintable(), "default" = [Permission::Read.name()])))]
    pub permissions: Permissions,
    /// The lifetime in seconds. Read-only tokens: 24 h by default, at most 30 days; others: 15 min by default, at most 24 h.
    #[cfg_attr(feature = "schema", schemars(range(min = 1, max = protocol::limits::READ_TOKEN_SECONDS)))]
    pub expires_in: Option<u64>,
}

/// The members of a body that name the jobs.
#[cfg(feature = "schema")]
#[derive(schemars::JsonSchema)]
#[schemars(rename_all = "camelCase")]
struct SubjectFields {
    /// The ids of the jobs that the token is for; the jobs need not exist yet.
    #[schemars(length(min = 1, max = JOBS))]
    #[allow(dead_code, reason = "only its schema is used")]
    job_ids: Option<Vec<JobId>>,
    /// In place of `jobIds`: tags. The token is for every job that carries all of them, and for the list of these jobs.
    #[schemars(extend("minProperties" = 1, "maxProperties" = protocol::limits::REQUIRED_TAGS))]
    #[schemars(extend("propertyNames" = serde_json::json!({ "minLength": 1 })))]
    #[allow(dead_code, reason = "only its schema is used")]
    tags: Option<std::collections::BTreeMap<String, String>>,
}

/// The schema of the choice between jobs and tags.
#[cfg(feature = "schema")]
fn subjects() -> Value {
    // Each may be null, as if it were absent.
    let with =
        |name: &str, kind: &str| serde_json::json!({ "required": [name], "properties": { name: { "type": kind } } });
    serde_json::json!([with("jobIds", "array"), with("tags", "object")])
}

/// The schema of one permission of a token.
#[cfg(feature = "schema")]
fn mintable() -> Value {
    serde_json::json!({ "type": "string", "enum": MINTABLE.map(Permission::name) })
}

/// The schema of the two lifetimes: that of all tokens, and the longer one of tokens that only read.
#[cfg(feature = "schema")]
fn lifetimes() -> Value {
    serde_json::json!([
        { "properties": { "expiresIn": { "maximum": protocol::limits::CHANGE_TOKEN_SECONDS } } },
        { "properties": { "permissions": { "items": { "const": Permission::Read.name() } } } },
    ])
}

impl MintRequest {
    /// Parses a body: `jobIds` or `tags`, `permissions` (`["jobs:read"]` if absent) and `expiresIn`.
    ///
    /// # Errors
    ///
    /// `INVALID_REQUEST` with the name of the field and the values that it may have.
    pub fn from_json(body: Value) -> Result<MintRequest, Problem> {
        let mut fields = Fields::of(body, "")?;
        let tags = fields.optional("tags", RequiredTags::from_json)?;
        let job_ids = |value, name: &str| {
            list(value, name, JOBS, |item, name| {
                let id = item.as_str().and_then(JobId::parse);
                id.ok_or_else(|| Problem::invalid(name, format_args!("must be {}", JobId::FORM)))
            })
        };
        let subject = match (tags, fields.optional("jobIds", job_ids)?) {
            (Some(tags), None) => Subject::Tags(tags),
            (None, Some(ids)) => Subject::Jobs(ids),
            (None, None) => return Err(Problem::invalid("jobIds", "is required")),
            (Some(_), Some(_)) => {
                return Err(Problem::invalid("tags", "and `jobIds` exclude each other; send one of them"));
            }
        };
        let permissions = fields.optional("permissions", |value, name| {
            list(value, name, MINTABLE.len(), |item, name| word(item, name, MINTABLE, Permission::name))
        })?;
        let expires_in = fields.optional("expiresIn", integer)?;
        fields.finish("a token request")?;
        let permissions = permissions.map_or(Permissions::READ, |names| names.into_iter().collect());
        Ok(MintRequest { subject, permissions, expires_in })
    }

    /// The request for the token that is returned with a created job: it reads this job, for the default lifetime.
    pub fn read_only(job_id: &JobId) -> MintRequest {
        MintRequest { subject: Subject::Jobs(vec![job_id.clone()]), permissions: Permissions::READ, expires_in: None }
    }
}

/// A minted token and its expiry.
#[derive(Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Minted {
    /// The token, a secret.
    pub token: String,
    /// When the token expires.
    pub expires_at: Timestamp,
}

impl fmt::Debug for Minted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Minted").field("expires_at", &self.expires_at).finish_non_exhaustive()
    }
}

impl Signer {
    /// Mints a token for jobs of the project of `grant`.
    ///
    /// # Errors
    ///
    /// `ACCESS_DENIED` if the grant is of a token, or of a key without one of the permissions; `INVALID_REQUEST` with
    /// the name of the field that exceeds its limit.
    pub fn mint(&self, request: &MintRequest, grant: &Grant, now: Timestamp) -> Result<Minted, Problem> {
        let field = match &request.subject {
            Subject::Jobs(jobs) if !(1..=JOBS).contains(&jobs.len()) => {
                return Err(Problem::invalid("jobIds", format_args!("must name 1 to {JOBS} jobs")).with("limit", JOBS));
            }
            Subject::Jobs(_) => "jobIds",
            Subject::Tags(_) => "tags",
        };
        let mintable = Permissions::from_iter(MINTABLE);
        if request.permissions.is_empty() || !request.permissions.without(mintable).is_empty() {
            return Err(Problem::invalid("permissions", format_args!("must be one or more of {mintable}")));
        }
        check_minter(request.permissions, grant)?;
        let now = now.seconds();
        let claims = Claims {
            project: grant.project.clone(),
            subject: request.subject.clone(),
            permissions: request.permissions,
            expires_at: now.saturating_add(lifetime(request)?),
            issued_at: Some(now),
            not_before: None,
        };
        let token = claims.sign(&self.signing_secret(&grant.project));
        if token.len() > TOKEN_BYTES {
            let message = format_args!("must be fewer or shorter: the token would be longer than {TOKEN_BYTES} bytes");
            return Err(Problem::invalid(field, message).with("limit", TOKEN_BYTES));
        }
        Ok(Minted { token, expires_at: Timestamp::from_millis(claims.expires_at.saturating_mul(1000)) })
    }
}

fn check_minter(wanted: Permissions, grant: &Grant) -> Result<(), Denied> {
    let deny = |required, held, cause| Err(Denied { required, held, job_id: None, cause });
    match (&grant.scope, wanted.iter().next(), wanted.without(grant.permissions).iter().next()) {
        (Scope::Jobs(_) | Scope::Tags(_), Some(required), _) => deny(required, Permissions::NONE, Cause::TokenMints),
        (Scope::Project, _, Some(missing)) => deny(missing, grant.permissions, Cause::Permission),
        _ => Ok(()),
    }
}

fn lifetime(request: &MintRequest) -> Result<u64, Problem> {
    let Lifetime { default_seconds, max_seconds } = Lifetime::from_permissions(request.permissions);
    let seconds = request.expires_in.unwrap_or(default_seconds);
    if (1..=max_seconds).contains(&seconds) {
        return Ok(seconds);
    }
    let message = format_args!("must be 1 to {max_seconds} seconds with these permissions");
    Err(Problem::invalid("expiresIn", message).with("limit", max_seconds))
}

#[cfg(test)]
mod tests {
    use protocol::problem::Code;
    use serde_json::json;

    use super::*;
    use crate::grant::Holder;

    fn now() -> Timestamp {
        Timestamp::from_millis(1_800_000_000_999)
    }

    fn job(id: &str) -> JobId {
        JobId::parse(id).unwrap()
    }

    fn signer() -> Signer {
        Signer::new(&"s".repeat(32), None).unwrap()
    }

    fn key(permissions: &str) -> Grant {
        Grant {
            project: "acme".to_owned(),
            permissions: permissions.parse().unwrap(),
            scope: Scope::Project,
            expires_at: None,
            holder: Holder::Key { id: "ci".to_owned() },
        }
    }

    fn request(permissions: &str, expires_in: Option<u64>) -> MintRequest {
        MintRequest { permissions: permissions.parse().unwrap(), expires_in, ..MintRequest::read_only(&job("a")) }
    }

    /// The field for which a request is refused even to a key with every permission.
    fn refused_field(request: &MintRequest) -> String {
        let holder = key("jobs:read,jobs:write,jobs:control,jobs:admin");
        let refusal = signer().mint(request, &holder, now()).unwrap_err();
        assert_eq!(refusal.code(), Code::InvalidRequest);
        refusal.details()["field"].as_str().unwrap().to_owned()
    }

    #[test]
    fn a_minted_token_grants_what_was_requested() {
        let request = MintRequest {
            subject: Subject::Jobs(vec![job("a"), job("app:1")]),
            permissions: "jobs:read,jobs:control".parse().unwrap(),
            expires_in: Some(60),
        };
        let minted = signer().mint(&request, &key("jobs:read,jobs:control"), now()).unwrap();
        let grant = signer().verify(&minted.token, now()).unwrap();
        assert_eq!(grant.project, "acme");
        assert_eq!(grant.permissions, request.permissions);
        assert_eq!(grant.scope, Scope::Jobs(vec![job("a"), job("app:1")]));
        assert_eq!(grant.expires_at, Some(minted.expires_at));
        assert_eq!(minted.expires_at, Timestamp::from_millis(1_800_000_060_000));
    }

    #[test]
    fn a_token_by_tag_is_minted_for_one_to_ten_tags_and_never_with_job_ids() {
        let read = |body| MintRequest::from_json(body);
        let request = read(json!({"tags": {"userId": "u1"}})).unwrap();
        let minted = signer().mint(&request, &key("jobs:read"), now()).unwrap();
        let Scope::Tags(tags) = signer().verify(&minted.token, now()).unwrap().scope else { panic!("{request:?}") };
        assert_eq!(tags.iter().collect::<Vec<_>>(), [("userId", "u1")]);
        for (body, field) in [
            (json!({"tags": {"a": "b"}, "jobIds": ["a"]}), "tags"),
            (json!({"tags": {}}), "tags"),
            (json!({"tags": {"a": 7}}), "tags.a"),
            (json!({"permissions": ["jobs:read"]}), "jobIds"),
        ] {
            assert_eq!(read(body.clone()).unwrap_err().details()["field"], field, "{body}");
        }
    }

    #[test]
    fn the_default_lifetime_is_a_day_for_reading_and_fifteen_minutes_for_changing_jobs() {
        for (permissions, seconds) in [("jobs:read", 86_400), ("jobs:read,jobs:write", 900), ("jobs:control", 900)] {
            let minted = signer().mint(&request(permissions, None), &key(permissions), now()).unwrap();
            assert_eq!(minted.expires_at.seconds(), now().seconds() + seconds, "{permissions}");
        }
    }

    #[test]
    fn no_token_is_minted_with_more_than_the_maximum_lifetime() {
        for (permissions, max) in
            [("jobs:read", 30 * 86_400), ("jobs:write", 86_400), ("jobs:read,jobs:control", 86_400)]
        {
            assert!(signer().mint(&request(permissions, Some(max)), &key(permissions), now()).is_ok());
            assert_eq!(refused_field(&request(permissions, Some(max + 1))), "expiresIn");
            assert_eq!(refused_field(&request(permissions, Some(u64::MAX))), "expiresIn");
        }
        assert_eq!(refused_field(&request("jobs:read", Some(0))), "expiresIn");
        let refusal = signer().mint(&request("jobs:write", Some(86_401)), &key("jobs:write"), now()).unwrap_err();
        assert_eq!(refusal.message(), "`expiresIn` must be 1 to 86400 seconds with these permissions");
        assert_eq!(refusal.details()["limit"], 86_400);
    }

    #[test]
    fn a_key_mints_only_permissions_that_it_has() {
        let refusal = signer().mint(&request("jobs:read,jobs:write", None), &key("jobs:read"), now()).unwrap_err();
        assert_eq!(refusal.code(), Code::AccessDenied);
        assert_eq!(refusal.details()["requiredPermission"], "jobs:write");
        assert_eq!(refusal.details()["userPermissions"], json!(["jobs:read"]));
    }

    #[test]
    fn a_token_cannot_mint_a_token_with_its_own_permissions() {
        let token = signer().mint(&request("jobs:read", None), &key("jobs:read"), now()).unwrap().token;
        let holder = signer().verify(&token, now()).unwrap();
        let refusal = signer().mint(&request("jobs:read", None), &holder, now()).unwrap_err();
        assert_eq!((refusal.code(), refusal.details().get("userPermissions")), (Code::AccessDenied, Some(&json!([]))));
        assert_eq!(refusal.message(), "A token cannot mint tokens: send an API key");
    }

    #[test]
    fn a_token_with_the_admin_permission_or_none_is_never_minted() {
        assert_eq!(refused_field(&request("jobs:read,jobs:admin", None)), "permissions");
        let nothing = MintRequest { permissions: Permissions::NONE, ..MintRequest::read_only(&job("a")) };
        assert_eq!(refused_field(&nothing), "permissions");
    }

    #[test]
    fn a_token_names_1_to_100_jobs_and_is_no_longer_than_its_limit() {
        let naming = |count: usize, chars: usize| MintRequest {
            subject: Subject::Jobs(vec![job(&"j".repeat(chars)); count]),
            ..MintRequest::read_only(&job("a"))
        };
        assert_eq!(refused_field(&naming(0, 36)), "jobIds");
        assert_eq!(refused_field(&naming(101, 1)), "jobIds");
        assert_eq!(refused_field(&naming(100, 128)), "jobIds");
        let minted = signer().mint(&naming(100, 36), &key("jobs:read"), now()).unwrap();
        assert!(signer().verify(&minted.token, now()).is_ok());
    }

    #[test]
    fn a_body_is_parsed_completely_or_refused_with_the_name_of_the_field() {
        let body = json!({ "jobIds": ["a", "app:1"], "permissions": ["jobs:write"], "expiresIn": 60 });
        let read = MintRequest::from_json(body).unwrap();
        assert_eq!(
            read,
            MintRequest { subject: Subject::Jobs(vec![job("a"), job("app:1")]), ..request("jobs:write", Some(60)) }
        );
        let least = MintRequest::from_json(json!({ "jobIds": ["a"] })).unwrap();
        assert_eq!(least, MintRequest::read_only(&job("a")));
        for (body, field) in [
            (json!({}), "jobIds"),
            (json!({ "jobIds": "a" }), "jobIds"),
            (json!({ "jobIds": ["a", "b/c"] }), "jobIds[1]"),
            (json!({ "jobIds": vec!["a"; 101] }), "jobIds"),
            (json!({ "jobIds": ["a"], "permissions": ["jobs:admin"] }), "permissions[0]"),
            (json!({ "jobIds": ["a"], "permissions": "jobs:read" }), "permissions"),
            (json!({ "jobIds": ["a"], "expiresIn": -1 }), "expiresIn"),
            (json!({ "jobIds": ["a"], "expires_in": 60 }), "expires_in"),
            (json!([]), "body"),
        ] {
            assert_eq!(MintRequest::from_json(body.clone()).unwrap_err().details()["field"], field, "{body}");
        }
    }

    #[test]
    fn the_response_has_the_token_and_its_expiry() {
        let minted = signer().mint(&MintRequest::read_only(&job("a")), &key("jobs:read"), now()).unwrap();
        let answer = json!({ "token": minted.token, "expiresAt": "2027-01-16T08:00:00Z" });
        assert_eq!(serde_json::to_value(&minted).unwrap(), answer);
    }

    #[test]
    fn debug_does_not_show_a_minted_token() {
        let minted = signer().mint(&MintRequest::read_only(&job("a")), &key("jobs:read"), now()).unwrap();
        assert!(!format!("{minted:?}").contains("eyJ"));
    }
}
