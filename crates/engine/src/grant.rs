//! What an authenticated caller may do, and the refusal of what it may not.

use std::fmt;

use protocol::id::JobId;
use protocol::problem::Code;
use protocol::{Problem, Timestamp};

use crate::permission::{Permission, Permissions};

/// What a good credential grants.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grant {
    /// Whose jobs.
    pub project: String,
    /// What may be done with them.
    pub permissions: Permissions,
    /// With which of them.
    pub scope: Scope,
    /// When the grant ends, and with it every stream opened under it; keys do not end by themselves.
    pub expires_at: Option<Timestamp>,
    /// Who is asking, as far as logs and rate limits may know.
    pub holder: Holder,
}

/// Which jobs of a project a grant is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Scope {
    /// Every one, present and future.
    Project,
    /// Those named.
    Jobs(Vec<JobId>),
}

/// The holder of a grant, by a name that is not secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Holder {
    /// A server, by the id of its key.
    Key {
        /// The id between the key's first two underscores.
        id: String,
    },
    /// Whoever has the token, by 16 characters of base64url of the token's SHA-256: the same token has the same print.
    Token {
        /// Tells one token from another and is of no use to forge either.
        print: String,
    },
}

impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Key { id } => write!(f, "key:{id}"),
            Self::Token { print } => write!(f, "token:{print}"),
        }
    }
}

impl Grant {
    /// Whether this grant covers a call that needs a permission, on one job or (with `None`) on none in particular.
    ///
    /// It is decided before any object is asked, so the answer is the same whether or not the job exists.
    ///
    /// # Errors
    /// The permission is not held, the token names other jobs, or the call is about no job that a token could name.
    pub fn authorize(&self, required: Permission, job_id: Option<&JobId>) -> Result<(), Denied> {
        let deny = |held, cause| Err(Denied { required, held, job_id: job_id.cloned(), cause });
        if !self.permissions.contains(required) {
            return deny(self.permissions, Cause::Permission);
        }
        match (&self.scope, job_id) {
            (Scope::Project, _) => Ok(()),
            (Scope::Jobs(named), Some(job_id)) if named.contains(job_id) => Ok(()),
            // What a token may do with its own jobs it may not do with this one: of this one it holds nothing.
            (Scope::Jobs(_), Some(_)) => deny(Permissions::NONE, Cause::OtherJob),
            (Scope::Jobs(_), None) => deny(Permissions::NONE, Cause::NoJob),
        }
    }

    /// The name of a job's object: the wall between projects. No two projects share one, since a project holds no `/`.
    pub fn object_name(&self, job_id: &JobId) -> String {
        format!("{}/{job_id}", self.project)
    }
}

/// A call that its caller may not make: a 403 `ACCESS_DENIED`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Denied {
    /// What the call needs: `details.requiredPermission`.
    pub required: Permission,
    /// What the caller holds for that job: `details.userPermissions`.
    pub held: Permissions,
    /// The job asked about: `details.jobId`.
    pub job_id: Option<JobId>,
    /// Why.
    pub cause: Cause,
}

/// Why a call is denied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// The permission is not held.
    Permission,
    /// A token was sent that names other jobs.
    OtherJob,
    /// A token was sent to a call that is about no job it could name.
    NoJob,
    /// A token was sent to mint a token.
    TokenMints,
}

impl fmt::Display for Denied {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.cause, &self.job_id, self.required) {
            (Cause::TokenMints, ..) => f.write_str("A token mints no tokens: call with an API key"),
            (Cause::NoJob, ..) => f.write_str("A token is good only for the jobs it names: call with an API key"),
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
            holder: Holder::Token { print: "print".to_owned() },
            ..key("acme", permissions)
        }
    }

    #[test]
    fn every_permission_opens_its_own_calls_and_no_other() {
        for held in Permission::ALL {
            for required in Permission::ALL {
                let answer = key("acme", held.name()).authorize(required, Some(&job("a")));
                assert_eq!(answer.is_ok(), held == required, "{held} held, {required} required");
            }
        }
    }

    #[test]
    fn a_denial_tells_what_is_required_and_what_is_held() {
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
    fn a_token_opens_the_jobs_it_names_and_holds_nothing_of_others() {
        let grant = token(&["a", "b"], "jobs:read");
        assert_eq!(grant.authorize(Permission::Read, Some(&job("b"))), Ok(()));
        for other in ["c", "A", "ab", "a:b", "a.b"] {
            let denied = grant.authorize(Permission::Read, Some(&job(other))).unwrap_err();
            assert_eq!((denied.held, denied.cause), (Permissions::NONE, Cause::OtherJob), "{other:?}");
        }
    }

    #[test]
    fn a_token_opens_no_call_without_a_job() {
        let denied = token(&["a"], "jobs:write").authorize(Permission::Write, None).unwrap_err();
        assert_eq!(denied.cause, Cause::NoJob);
        assert_eq!(key("acme", "jobs:write").authorize(Permission::Write, None), Ok(()));
    }

    #[test]
    fn the_same_job_id_in_two_projects_is_two_objects() {
        assert_ne!(key("a", "jobs:read").object_name(&job("b-1")), key("a-b", "jobs:read").object_name(&job("1")));
        assert_eq!(key("acme", "jobs:read").object_name(&job("app:1")), "acme/app:1");
    }
}
