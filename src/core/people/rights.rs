//! What somebody is trusted with, by name, as other programs are told.

use crate::core::access::Role;

/// Roles everywhere, in organisations and in projects; a membership without roles is one too.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Rights {
    pub global: Vec<Role>,
    /// By slug.
    pub orgs: Vec<(String, Vec<Role>)>,
    /// By slug. Global roles are not repeated here.
    pub projects: Vec<(String, Vec<Role>)>,
}

/// The permissions that these roles give by themselves, sorted by name, each once.
pub fn permission_names(roles: &[Role]) -> Vec<&'static str> {
    let mut names: Vec<&str> = roles
        .iter()
        .flat_map(|role| role.permissions().map(|permission| permission.name()))
        .collect();
    names.sort_unstable();
    names.dedup();
    names
}

/// The names of roles, sorted.
pub fn role_names(roles: &[Role]) -> Vec<&'static str> {
    let mut names: Vec<&str> = roles.iter().map(|role| role.name()).collect();
    names.sort_unstable();
    names
}
