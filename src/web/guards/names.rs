//! Names in a path. What cannot be one is no address of ours, and asks no database.

use rocket::request::FromParam;

use crate::core::names::{is_project_slug, is_workspace_name};

/// The slug of a project: its form, and not a word of the site's own pages.
#[derive(Debug, Clone, Copy)]
pub struct ProjectSlug<'r>(pub &'r str);

/// The name of a workspace: its form, and not a word of the project's own pages.
#[derive(Debug, Clone, Copy)]
pub struct WorkspaceName<'r>(pub &'r str);

impl<'r> FromParam<'r> for ProjectSlug<'r> {
    type Error = &'r str;

    fn from_param(text: &'r str) -> Result<Self, &'r str> {
        is_project_slug(text).then_some(Self(text)).ok_or(text)
    }
}

impl<'r> FromParam<'r> for WorkspaceName<'r> {
    type Error = &'r str;

    fn from_param(text: &'r str) -> Result<Self, &'r str> {
        is_workspace_name(text).then_some(Self(text)).ok_or(text)
    }
}
