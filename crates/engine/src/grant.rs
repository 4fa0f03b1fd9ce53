//! Grants: what an authenticated caller may do, and the refusal of everything else.

use std::{fmt, num::NonZeroU64};

use protocol::{Problem, Timestamp, id::JobId, problem::Code};

use crate::{
    crypto::sha256,
    permission::{Permission, Permissions},
    tags::RequiredTags,
};

/// What a verified credential allows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grant {
    /// The project whose jobs the grant is for.
    pub project: String,
    /// What the caller may do with the jobs.
    pub permissions: Permissions,
    /// Which jobs of the project the grant is for.
    pub scope: Scope,
    /// When the grant expires, and with it every stream opened under it; the grant of a key does not expire.
    pub expires_at: Option<Timestamp>,
    /// The caller, as logs and rate limits name it.
    pub holder: Holder,
}

/// The jobs of a project that a grant is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Scope {
    /// Every job, present and future.
    Project,
    /// These jobs.
    Jobs(Vec<JobId>),
    /// Every job that carries these tags. Only the job's object knows the tags of a job, so it checks them.
    Tags(RequiredTags),
}

/// The key or token behind a grant, by a name that is not secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Holder {
    /// A key, by its id.
    Key {
        /// The id: the part between the first two underscores of the key.
        id: String,
    },
    /// A token, by its fingerprint.
    Token {
        /// The first 16 characters of base64url(SHA-256(token)): it identifies the token and does not help to forge it.
        fingerprint: String,
    },
}

impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Holder::Key { id } => write!(f, "key:{id}"),
            Holder::Token { fingerprint } => write!(f, "token:{fingerprint}"),
        }
    }
}

impl Grant {
    /// Checks that the grant allows an operation that needs a permission, on one job or (with `None`) on no particular
    /// job.
    ///
    /// The check runs before any object is called, so its result does not depend on whether the job exists.
    ///
    /// # Errors
    ///
    /// The grant does not have the permission, its token names other jobs, or the operation has no job that a token
    /// could name.
    pub fn authorize(&self, required: Permission, job_id: Option<&JobId>) -> Result<(), Denied> {
        let deny = |held, cause| Err(Denied { required, held, job_id: job_id.cloned(), cause });
        if !self.permissions.contains(required) {
            return deny(self.permissions, Cause::Permission);
        }
        match (&self.scope, job_id) {
            (Scope::Project, _) | (Scope::Tags(_), Some(_)) => Ok(()),
            (Scope::Jobs(named), Some(job_id)) if named.contains(job_id) => Ok(()),
            // The permissions of a token are for its own jobs: for another job it has none.
            (Scope::Jobs(_), Some(_)) => deny(Permissions::NONE, Cause::OtherJob),
            (Scope::Jobs(_) | Scope::Tags(_), None) => deny(Permissions::NONE, Cause::NoJob),
        }
    }

    /// Checks that the grant allows the creation of a job, or of one in the place of another. A token by tag does not: whether
    /// a job carries its tags is known only if the job exists.
    ///
    /// # Errors
    ///
    /// As [`Grant::authorize`].
    pub fn authorize_creation(&self, job_id: Option<&JobId>) -> Result<(), Denied> {
        self.authorize(Permission::Write, job_id)?;
        match self.scope {
            Scope::Tags(_) => Err(Denied {
                required: Permission::Write,
                held: Permissions::NONE,
                job_id: job_id.cloned(),
                cause: Cause::TagsCreate,
            }),
            Scope::Project | Scope::Jobs(_) => Ok(()),
        }
    }

    /// Checks that the grant allows a request to the children of a job. That of a token does not: it is for the jobs that it
    /// names, or that carry its tags, and their children are other jobs.
    ///
    /// # Errors
    ///
    /// The grant is not that of a key.
    pub fn authorize_children(&self, job_id: &JobId) -> Result<(), Denied> {
        match self.scope {
            Scope::Project => Ok(()),
            Scope::Jobs(_) | Scope::Tags(_) => Err(Denied {
                required: Permission::Control,
                held: self.permissions,
                job_id: Some(job_id.clone()),
                cause: Cause::Children,
            }),
        }
    }

    /// The tags that the jobs of a list must carry for this grant.
    ///
    /// # Errors
    ///
    /// The grant may not read, or its token names its jobs one by one.
    pub fn authorize_list(&self) -> Result<Option<&RequiredTags>, Denied> {
        let required = Permission::Read;
        let deny = |held, cause| Err(Denied { required, held, job_id: None, cause });
        if !self.permissions.contains(required) {
            return deny(self.permissions, Cause::Permission);
        }
        match &self.scope {
            Scope::Project => Ok(None),
            Scope::Tags(tags) => Ok(Some(tags)),
            Scope::Jobs(_) => deny(Permissions::NONE, Cause::List),
        }
    }

    /// The tags that a job must carry for this grant.
    pub fn required_tags(&self) -> Option<&RequiredTags> {
        match &self.scope {
            Scope::Tags(tags) => Some(tags),
            Scope::Project | Scope::Jobs(_) => None,
        }
    }

    /// The number of the reader, by which a job counts the viewers that one token at one address has. It is not 0.
    ///
    /// The holder of a key has no number: a key is used by servers, which may serve all viewers of a job from one address.
    pub fn reader(&self, address: &str) -> Option<NonZeroU64> {
        match &self.holder {
            Holder::Key { .. } => None,
            holder @ Holder::Token { .. } => {
                let [a, b, c, d, e, f, g, h, ..] = sha256(format!("{holder} {address}").as_bytes());
                Some(NonZeroU64::new(u64::from_be_bytes([a, b, c, d, e, f, g, h])).unwrap_or(NonZeroU64::MIN))
            }
        }
    }

    /// The name of the Durable Object of a job of the project.
    pub fn object_name(&self, job_id: &JobId) -> String {
        object_name(&self.project, job_id.as_str())
    }
}

/// The name of the Durable Object of a job. It separates the projects: a project's name has no `/`, so two projects never share an
/// object.
pub fn object_name(project: &str, job_id: &str) -> String {
    format!("{project}/{job_id}")
}

/// A refusal of an operation that the caller may not do: a 403 `ACCESS_DENIED`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Denied {
    /// The permission that the operation needs: `details.requiredPermission`.
    pub required: Permission,
    /// The permissions that the caller has for the job: `details.userPermissions`.
    pub held: Permissions,
    /// The job: `details.jobId`.
    pub job_id: Option<JobId>,
    /// The cause of the refusal.
    pub cause: Cause,
}

/// The cause of a refusal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// The caller does not have the permission.
    Permission,
    /// The token names other jobs.
    OtherJob,
    /// The operation has no job that a token could name.
    NoJob,
    /// The operation reads a list, and the token names its jobs.
    List,
    /// The operation creates a job, which a token by tag cannot do.
    TagsCreate,
    /// The report changes the tags that its token requires.
    TagsChange,
    /// The request is for the children of a job, and its token for the job.
    Children,
    /// The operation mints a token, which only a key can do.
    TokenMints,
}

impl fmt::Display for Denied {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.cause, &self.job_id, self.required) {
            (Cause::TokenMints, ..) => f.write_str("A token cannot mint tokens: send an API key"),
            (Cause::TagsCreate, ..) => f.write_str(
                "A token by tag creates and replaces no jobs: send an API key, or a token that names the job",
            ),
            (Cause::TagsChange, ..) => {
                f.write_str("A token by tag cannot change the tags that it requires: send an API key")
            }
            (Cause::Children, ..) => {
                f.write_str("A token does not name the children of its jobs: leave `children` out, or send an API key")
            }
            (Cause::List, ..) => f.write_str(
                "A token that names its jobs reads no list: send a token by tag, which lists its jobs, or an API key",
            ),
            (Cause::NoJob, ..) => f.write_str("A token is valid only for the jobs that it names: send an API key"),
            (_, None, required) => write!(f, "You don't have the permission {required}"),
            (_, Some(_), Permission::Read) => f.write_str("You don't have permission to view this job"),
            (_, Some(_), Permission::Write) => f.write_str("You don't have permission to report on this job"),
            (_, Some(_), Permission::Control) => f.write_str("You don't have permission to control this job"),
            (_, Some(_), Permission::Admin) => f.write_str("You don't have permission to administer this job"),
        }
    }
}

impl std::error::Error for Denied {}

impl From<Denied> for Problem {
    fn from(denied: Denied) -> Problem {
        let held: Vec<_> = denied.held.iter().map(Permission::name).collect();
        let mut problem = Problem::new(Code::AccessDenied, denied.to_string());
        if let Some(job_id) = &denied.job_id {
            problem = problem.with("jobId", job_id.as_str());
        }
        problem.with("requiredPermission", denied.required.name()).with("userPermissions", held)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn job(id: &str) -> JobId {
        JobId::parse(id).unwrap()
    }

    fn key(project: &str, permissions: &str) -> Grant {
        Grant {
            project: project.to_owned(),
            permissions: permissions.parse().unwrap(),
            scope: Scope::Project,
            expires_at: None,
            holder: Holder::Key { id: "ci".to_owned() },
        }
    }

    fn token(jobs: &[&str], permissions: &str) -> Grant {
        Grant {
            scope: Scope::Jobs(jobs.iter().map(|id| job(id)).collect()),
            expires_at: Some(Timestamp::from_millis(1)),
            holder: Holder::Token { fingerprint: "fingerprint".to_owned() },
            ..key("acme", permissions)
        }
    }

    #[test]
    fn every_permission_allows_its_own_operations_and_no_other() {
        for held in Permission::ALL {
            for required in Permission::ALL {
                let answer = key("acme", held.name()).authorize(required, Some(&job("a")));
                assert_eq!(answer.is_ok(), held == required, "{held} held, {required} required");
            }
        }
    }

    #[test]
    fn a_refusal_names_the_required_permission_and_those_of_the_caller() {
        let denied = key("acme", "jobs:write").authorize(Permission::Read, Some(&job("a"))).unwrap_err();
        let problem = serde_json::to_value(Problem::from(denied)).unwrap();
        let body = serde_json::json!({
            "error": "ACCESS_DENIED",
            "message": "You don't have permission to view this job",
            "details": { "jobId": "a", "requiredPermission": "jobs:read", "userPermissions": ["jobs:write"] },
        });
        assert_eq!(problem, body);
    }

    #[test]
    fn a_token_allows_the_jobs_it_names_and_has_no_permission_for_others() {
        let grant = token(&["a", "b"], "jobs:read");
        assert_eq!(grant.authorize(Permission::Read, Some(&job("b"))), Ok(()));
        for other in ["c", "A", "ab", "a:b", "a.b"] {
            let denied = grant.authorize(Permission::Read, Some(&job(other))).unwrap_err();
            assert_eq!((denied.held, denied.cause), (Permissions::NONE, Cause::OtherJob), "{other:?}");
        }
    }

    #[test]
    fn a_token_allows_no_operation_without_a_job() {
        let denied = token(&["a"], "jobs:write").authorize(Permission::Write, None).unwrap_err();
        assert_eq!(denied.cause, Cause::NoJob);
        assert_eq!(key("acme", "jobs:write").authorize(Permission::Write, None), Ok(()));
    }

    #[test]
    fn a_token_by_tag_allows_every_job_and_the_list_but_no_creation() {
        let tags = RequiredTags::from_json(serde_json::json!({"userId": "u1"}), "tags").unwrap();
        let grant = Grant { scope: Scope::Tags(tags.clone()), ..token(&[], "jobs:read,jobs:write") };
        assert_eq!(grant.authorize(Permission::Write, Some(&job("a"))), Ok(()));
        assert_eq!(grant.authorize_list(), Ok(Some(&tags)));
        for job_id in [None, Some(&job("a"))] {
            assert_eq!(grant.authorize_creation(job_id).unwrap_err().held, Permissions::NONE);
        }
        let writing = Grant { permissions: "jobs:write".parse().unwrap(), ..grant };
        assert_eq!(writing.authorize_list().unwrap_err().cause, Cause::Permission);
        let naming = token(&["a"], "jobs:read").authorize_list().unwrap_err();
        assert_eq!((naming.cause, naming.held), (Cause::List, Permissions::NONE));
        assert!(naming.to_string().contains("a token by tag"), "{naming}");
        assert_eq!(key("acme", "jobs:read").authorize_list(), Ok(None));
        assert_eq!(token(&["a"], "jobs:write").authorize_creation(Some(&job("a"))), Ok(()));
    }

    #[test]
    fn only_a_key_may_ask_the_children_of_a_job() {
        let tags = RequiredTags::from_json(serde_json::json!({"userId": "u1"}), "tags").unwrap();
        let by_tag = Grant { scope: Scope::Tags(tags), ..token(&[], "jobs:control") };
        assert_eq!(key("acme", "jobs:control").authorize_children(&job("a")), Ok(()));
        for grant in [token(&["a", "child"], "jobs:control"), by_tag] {
            assert_eq!(grant.authorize_children(&job("a")).unwrap_err().cause, Cause::Children);
        }
    }

    #[test]
    fn a_reader_is_one_token_at_one_address_and_a_key_is_none() {
        let grant = token(&["a"], "jobs:read");
        let other = Grant { holder: Holder::Token { fingerprint: "another".to_owned() }, ..grant.clone() };
        let reader = grant.reader("203.0.113.7");
        assert!(reader.is_some());
        assert_eq!(reader, grant.reader("203.0.113.7"));
        assert_ne!(reader, grant.reader("203.0.113.8"));
        assert_ne!(reader, other.reader("203.0.113.7"));
        assert_eq!(key("acme", "jobs:read").reader("203.0.113.7"), None);
    }

    #[test]
    fn the_same_job_id_in_two_projects_names_two_objects() {
        assert_ne!(key("a", "jobs:read").object_name(&job("b-1")), key("a-b", "jobs:read").object_name(&job("1")));
        assert_eq!(key("acme", "jobs:read").object_name(&job("app:1")), "acme/app:1");
    }
}
