//! What a credential may do: four permissions and a small set of them.

use serde::ser::{Serialize, Serializer};
use std::fmt;

/// One thing a key or a token may do.
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
    /// All of them, in the order in which sets list them.
    pub const ALL: [Self; 4] = [Self::Read, Self::Write, Self::Control, Self::Admin];

    /// Their names, in the same order.
    pub const NAMES: &'static [&'static str] = &["jobs:read", "jobs:write", "jobs:control", "jobs:admin"];

    /// The name on the wire, such as `jobs:read`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Read => "jobs:read",
            Self::Write => "jobs:write",
            Self::Control => "jobs:control",
            Self::Admin => "jobs:admin",
        }
    }

    /// The permission of this name; names are exact.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|permission| permission.name() == name)
    }

    const fn bit(self) -> u8 {
        match self {
            Self::Read => 1,
            Self::Write => 2,
            Self::Control => 4,
            Self::Admin => 8,
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
    /// Nothing at all.
    pub const NONE: Self = Self(0);

    /// All a page needs to show a job.
    pub const READ: Self = Self(Permission::Read.bit());

    /// Whether the set holds this permission.
    pub const fn contains(self, permission: Permission) -> bool {
        self.0 & permission.bit() != 0
    }

    /// Whether the set holds nothing.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// What this set holds and the other does not.
    pub const fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    /// The permissions held, in the order of [`Permission::ALL`].
    pub fn iter(self) -> impl Iterator<Item = Permission> {
        Permission::ALL.into_iter().filter(move |permission| self.contains(*permission))
    }
}

impl FromIterator<Permission> for Permissions {
    fn from_iter<I: IntoIterator<Item = Permission>>(permissions: I) -> Self {
        Self(permissions.into_iter().fold(0, |bits, permission| bits | permission.bit()))
    }
}

/// A text that is no comma-separated list of permission names. It does not keep the text: that may be a secret in the wrong place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotPermissions;

impl fmt::Display for NotPermissions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "expected permissions separated by commas, of {}", Permission::NAMES.join(", "))
    }
}

impl std::error::Error for NotPermissions {}

impl std::str::FromStr for Permissions {
    type Err = NotPermissions;

    /// Reads names separated by commas, without spaces; at least one.
    fn from_str(text: &str) -> Result<Self, NotPermissions> {
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
    fn every_name_reads_back_as_itself() {
        for (permission, name) in Permission::ALL.into_iter().zip(Permission::NAMES) {
            assert_eq!(permission.name(), *name);
            assert_eq!(Permission::from_name(name), Some(permission));
        }
    }

    #[test]
    fn a_set_lists_its_names_in_one_order_whatever_order_came_in() {
        let set: Permissions = "jobs:admin,jobs:read,jobs:admin".parse().unwrap();
        assert_eq!(serde_json::to_string(&set).unwrap(), r#"["jobs:read","jobs:admin"]"#);
        assert_eq!("jobs:admin,jobs:read".parse(), Ok(set));
    }

    #[test]
    fn an_unknown_or_empty_name_is_no_permission() {
        for text in ["", ",", "jobs:read,", "jobs:read, jobs:write", "JOBS:READ", "read", "jobs:*"] {
            assert_eq!(text.parse::<Permissions>(), Err(NotPermissions), "{text:?}");
        }
    }

    #[test]
    fn what_one_set_lacks_of_another_is_told() {
        let wanted: Permissions = "jobs:read,jobs:control".parse().unwrap();
        assert_eq!(wanted.without(Permissions::READ), Permissions::from_iter([Permission::Control]));
        assert!(Permissions::READ.without(wanted).is_empty());
    }
}
