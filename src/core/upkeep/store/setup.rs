//! What a first installation needs before anybody can run anything, and what of it is there.

use sqlx::PgConnection;

use crate::core::error::Result;

/// Which steps of a first installation are done.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Setup {
    pub has_backend: bool,
    /// One is switched on: no other takes jobs.
    pub has_active_backend: bool,
    /// A backend's program has shown its token, or the RAP controller has told of one, or jobs ran in one.
    pub backend_called: bool,
    pub has_org: bool,
    pub has_project: bool,
    /// Two people may come in: nobody adds themselves to anything.
    pub has_second_person: bool,
    /// Somebody may use a backend.
    pub has_backend_member: bool,
    /// Somebody belongs to an organisation.
    pub has_org_member: bool,
    /// Somebody may run jobs in a project.
    pub has_developer: bool,
    /// Somebody sees what is released in a project.
    pub has_collaborator: bool,
    pub has_workspace: bool,
    pub has_job_request: bool,
    /// The first of each, for links: the number of a backend, of those switched on if any is, the slugs of an
    /// organisation and a project.
    pub backend: Option<i32>,
    pub org: Option<String>,
    pub project: Option<String>,
    pub project_id: Option<i32>,
    /// Usernames of that project's first developers who are active, in order.
    pub developers: Vec<String>,
}

impl Setup {
    /// Which steps are done, in their order.
    fn steps(&self) -> [bool; 12] {
        [
            self.has_backend,
            self.has_active_backend,
            self.backend_called,
            self.has_org,
            self.has_project,
            self.has_second_person,
            self.has_backend_member,
            self.has_org_member,
            self.has_developer,
            self.has_collaborator,
            self.has_workspace,
            self.has_job_request,
        ]
    }

    /// How many steps there are, and how many of them are left.
    pub fn left(&self) -> (usize, usize) {
        let steps = self.steps();
        (steps.len(), steps.into_iter().filter(|is_done| !is_done).count())
    }

    pub fn is_done(&self) -> bool {
        self.left().1 == 0
    }
}

/// How the installation stands. One statement, whose parts each end at the first row.
pub async fn setup(conn: &mut PgConnection) -> Result<Setup> {
    Ok(sqlx::query_as!(
        Setup,
        r#"SELECT EXISTS (SELECT FROM backend) AS "has_backend!",
                  EXISTS (SELECT FROM backend WHERE is_active) AS "has_active_backend!",
                  (EXISTS (SELECT FROM backend
                            WHERE token_last_used_at IS NOT NULL
                               OR transport = 'rap' AND (last_seen_at IS NOT NULL OR rap_api_state IS NOT NULL))
                   OR EXISTS (SELECT FROM job)) AS "backend_called!",
                  EXISTS (SELECT FROM org) AS "has_org!",
                  EXISTS (SELECT FROM project) AS "has_project!",
                  EXISTS (SELECT FROM "user" WHERE is_active OFFSET 1) AS "has_second_person!",
                  EXISTS (SELECT FROM backend_membership) AS "has_backend_member!",
                  EXISTS (SELECT FROM org_membership) AS "has_org_member!",
                  EXISTS (SELECT FROM project_membership WHERE 'ProjectDeveloper' = ANY (roles)) AS "has_developer!",
                  EXISTS (SELECT FROM project_membership WHERE 'ProjectCollaborator' = ANY (roles)) AS "has_collaborator!",
                  EXISTS (SELECT FROM workspace) AS "has_workspace!",
                  EXISTS (SELECT FROM job_request) AS "has_job_request!",
                  (SELECT id FROM backend ORDER BY NOT is_active, id LIMIT 1) AS backend,
                  (SELECT slug FROM org ORDER BY id LIMIT 1) AS org,
                  (SELECT slug FROM project ORDER BY id LIMIT 1) AS project,
                  (SELECT id FROM project ORDER BY id LIMIT 1) AS project_id,
                  ARRAY (SELECT u.username FROM project_membership m JOIN "user" u ON u.id = m.user_id
                          WHERE m.project_id = (SELECT id FROM project ORDER BY id LIMIT 1)
                            AND 'ProjectDeveloper' = ANY (m.roles) AND u.is_active
                          ORDER BY lower(u.username) LIMIT 5) AS "developers!""#
    )
    .fetch_one(conn)
    .await?)
}
