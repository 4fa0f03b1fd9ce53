//! Permissions: the four permissions of credentials, and sets of them.

use std::fmt;

use serde::ser::{Serialize, Serializer};

/// A permission of a key or a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Permission {
    /// Every GET, the streams and the batch.
    Read,
    /// Create jobs and report on them.
    Write,
    /// Cancel, pause, resume and retry.
    Control,
    /// Delete jobs and send webhooks again.
    Admin,
}

impl Permission {
    /// All permissions, in the order in which sets list them.
    pub const ALL: [Permission; 4] = [Permission::Read, Permission::Write, Permission::Control, Permission::Admin];

    /// The names of all permissions, in the same order.
    pub const NAMES: &'static [&'static str] = &["jobs:read", "jobs:write", "jobs:control", "jobs:admin"];

    /// The name on the wire, such as `jobs:read`.
    pub const fn name(self) -> &'static str {
        match self {
            Permission::Read => "jobs:read",
            Permission::Write => "jobs:write",
            Permission::Control => "jobs:control",
            Permission::Admin => "jobs:admin",
        }
    }

    /// The permission with this name; the comparison is exact.
    pub fn from_name(name: &str) -> Option<Permission> {
        Permission::ALL.into_iter().find(|permission| permission.name() == name)
    }

    const fn bit(self) -> u8 {
        match self {
            Permission::Read => 1,
            Permission::Write => 2,
            Permission::Control => 4,
            Permission::Admin => 8,
        }
    }
}

impl fmt::Display for Permission {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A set of permissions; on the wire a list of names, always in the order of [`Permission::ALL`].
///
/// ```
/// use engine::permission::{Permission, Permissions};
///
/// let held: Permissions = "jobs:write,jobs:read".parse().unwrap();
/// assert!(held.contains(Permission::Read));
/// assert_eq!(held.to_string(), "jobs:read,jobs:write");
/// ```
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Permissions(u8);

impl Permissions {
    /// The empty set.
    pub const NONE: Permissions = Permissions(0);

    /// The permission `jobs:read` alone, which is all that a page needs to show a job.
    pub const READ: Permissions = Permissions(Permission::Read.bit());

    /// Whether the set contains this permission.
    pub const fn contains(self, permission: Permission) -> bool {
        self.0 & permission.bit() != 0
    }

    /// Whether the set is empty.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The permissions of this set that the other does not contain.
    pub const fn without(self, other: Permissions) -> Permissions {
        Permissions(self.0 & !other.0)
    }

    /// The permissions of the set, in the order of [`Permission::ALL`].
    pub fn iter(self) -> impl Iterator<Item = Permission> {
        Permission::ALL.into_iter().filter(move |permission| self.contains(*permission))
    }
}

impl FromIterator<Permission> for Permissions {
    fn from_iter<I: IntoIterator<Item = Permission>>(permissions: I) -> Permissions {
        Permissions(permissions.into_iter().fold(0, |bits, permission| bits | permission.bit()))
    }
}

/// The error for a text that is not a comma-separated list of permission names. It does not quote the text, which may
/// be a secret in the wrong place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotPermissions;

impl fmt::Display for NotPermissions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "expected a comma-separated list of {}", Permission::NAMES.join(", "))
    }
}

impl std::error::Error for NotPermissions {}

impl std::str::FromStr for Permissions {
    type Err = NotPermissions;

    /// Parses one or more names separated by commas, without spaces.
    fn from_str(text: &str) -> Result<Permissions, NotPermissions> {
        text.split(',').map(|name| Permission::from_name(name).ok_or(NotPermissions)).collect()
    }
}

impl fmt::Display for Permissions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, permission) in self.iter().enumerate() {
            f.write_str(if index == 0 { "" } else { "," })?;
            f.write_str(permission.name())?;
        }
        Ok(())
    }
}

impl fmt::Debug for Permissions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter()).finish()
    }
}

impl Serialize for Permissions {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.iter().map(Permission::name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_parses_to_its_permission() {
        for (permission, name) in Permission::ALL.into_iter().zip(Permission::NAMES) {
            assert_eq!(permission.name(), *name);
            assert_eq!(Permission::from_name(name), Some(permission));
        }
    }

    #[test]
    fn a_set_lists_its_names_in_one_order() {
        let set: Permissions = "jobs:admin,jobs:read,jobs:admin".parse().unwrap();
        assert_eq!(serde_json::to_string(&set).unwrap(), r#"["jobs:read","jobs:admin"]"#);
        assert_eq!("jobs:admin,jobs:read".parse(), Ok(set));
    }

    #[test]
    fn an_unknown_or_empty_name_is_refused() {
        for text in ["", ",", "jobs:read,", "jobs:read, jobs:write", "JOBS:READ", "read", "jobs:*"] {
            assert_eq!(text.parse::<Permissions>(), Err(NotPermissions), "{text:?}");
        }
    }

    #[test]
    fn the_difference_of_two_sets_is_what_the_second_lacks() {
        let wanted: Permissions = "jobs:read,jobs:control".parse().unwrap();
        assert_eq!(wanted.without(Permissions::READ), Permissions::from_iter([Permission::Control]));
        assert!(Permissions::READ.without(wanted).is_empty());
    }
}
