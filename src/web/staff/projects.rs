//! Projects: the list, and each one's page.

use rocket::get;

use super::cell::{Ask, Cell};
use super::guard::Staff;
use super::interactive;
use super::list::{Filter, List, ListAnswer, ListAsked};
use super::orgs::MEMBERS;
use super::thing::{Section, Thing};
use super::words::{on_site, org_options, person, person_href, person_label, project_status};
use super::{query, redirects};
use crate::core::access::{Permission, Role};
use crate::core::paging::{FIRST_SHOWN, First};
use crate::core::projects::actions::STATUSES;
use crate::core::projects::staff::lists::{self, Member, Wanted};
use crate::core::projects::store::project_by_slug;
use crate::core::projects::{Project, status_label, title};
use crate::core::redirects::lists as redirect_lists;
use crate::core::workspaces::interactive::of_project;
use crate::core::workspaces::store::lists::{ProjectWorkspace, workspaces_of_project};
use crate::web::database::Database;
use crate::web::responders::{Failure, Outcome};
use crate::web::view::{Link, Page, SafeHtml, encode_next, plain_html};

#[get("/staff/projects")]
pub async fn list(staff: Staff<'_>, db: &Database) -> Outcome<ListAnswer> {
    let asked = ListAsked::read(&staff.visit)?;
    let orgs = asked.many("orgs");
    let wanted = Wanted {
        q: asked.q(),
        orgs: &orgs,
        status: asked.one("status"),
    };
    let mut conn = db.read().await?;
    let listed = lists::projects(&mut conn, wanted, asked.page(), asked.per_page()).await?;
    let choices = lists::org_choices(&mut conn).await?;
    drop(conn);
    let statuses = STATUSES
        .iter()
        .map(|(value, label)| ((*value).to_owned(), (*label).to_owned()));
    let mut list = List::new("Projects")
        .lead("What is studied, by whom, and how it stands.")
        .search("Name or number")
        .filter(Filter::several("orgs", "Organisations", org_options(&choices)))
        .filter(Filter::select("status", "Status", statuses.collect()))
        .columns(&[
            "Project",
            "Status",
            "Lead",
            "Co-pilot",
            "Members",
            "Workspaces",
            "Created",
        ])
        .empty(
            "No project yet",
            "Each belongs to an organisation: make that first, then a project.",
        );
    if staff.holds(Permission::ProjectCreate) {
        list = list.action(Link::new("New project", "/staff/projects/create/"));
    }
    for project in listed.rows {
        let org = match (project.org_name, project.org_slug) {
            (Some(name), Some(slug)) => Cell::link(name, format!("/staff/orgs/{slug}/")),
            _ => Cell::none(),
        };
        list.row(vec![
            Cell::link(
                title(project.number.as_deref(), &project.name),
                format!("/staff/projects/{}/", project.slug),
            ),
            project_status(&project.status),
            org,
            person(project.copilot.as_deref(), project.copilot_fullname.as_deref()),
            Cell::number(project.members),
            Cell::number(project.workspaces),
            Cell::time(Some(project.created_at)),
        ]);
    }
    list.answer(&staff, &asked, listed.total)
}

/// The project of this slug.
pub(super) async fn find(db: &Database, slug: &str) -> Outcome<Project> {
    let found = project_by_slug(&mut *db.read().await?, slug).await?;
    found.ok_or_else(|| Failure::not_found("Project"))
}

/// The page of a project in the staff area.
pub(super) fn href(slug: &str) -> String {
    format!("/staff/projects/{slug}/")
}

#[get("/staff/projects/<project>")]
pub async fn detail(staff: Staff<'_>, db: &Database, project: &str) -> Outcome<Page> {
    let not_found = || Failure::not_found("Project");
    let mut conn = db.read().await?;
    let project = project_by_slug(&mut conn, project).await?.ok_or_else(not_found)?;
    let stored = lists::stored(&mut conn, project.id).await?.ok_or_else(not_found)?;
    let facts = lists::facts(&mut conn, project.id).await?;
    let orgs = lists::orgs(&mut conn, project.id).await?;
    let asked = query::one_looked_for(staff.visit.query(), MEMBERS);
    let members = lists::members(&mut conn, project.id, asked.as_deref()).await?;
    let workspaces = workspaces_of_project(&mut conn, project.id, FIRST_SHOWN).await?;
    let interactives = of_project(&mut conn, project.id).await?;
    let history = lists::status_history(&mut conn, project.id).await?;
    let wanted = redirect_lists::Wanted {
        project_id: Some(project.id),
        ..redirect_lists::Wanted::default()
    };
    let old = redirects::of(&mut conn, wanted).await?;
    drop(conn);
    let (page, form) = (href(&project.slug), stored.form);
    let may_edit_members = staff.holds(Permission::UserEditProjectRoles);
    let support = match form.copilot_support_ends_on {
        Some(day) if facts.support_is_over => Cell::text(day.to_string()).note("That is over."),
        Some(day) => Cell::text(day.to_string()),
        None => Cell::none(),
    };
    let application = match form.application_url.as_str() {
        "" => Cell::none(),
        url => Cell::link(url, url),
    };
    let copilot = person(facts.copilot_username.as_deref(), facts.copilot_fullname.as_deref());
    let created_by = person_label(&facts.created_by_username, &facts.created_by_fullname);
    let mut thing = Thing::new("Project", project.title())
        .under("Projects", "/staff/projects/")
        .fact("Status", project_status(&project.status))
        .fact("Number", Cell::text(form.number))
        .fact("Slug", Cell::code(form.slug))
        .fact("Application", application)
        .fact("Co-pilot", copilot)
        .fact("Co-pilot support until", support)
        .fact(
            "Created",
            Cell::time(Some(facts.created_at)).note(format!("by {created_by}")),
        )
        .fact(
            "Last changed",
            Cell::time(Some(stored.updated_at)).note(format!("by {}", stored.updated_by)),
        )
        .action(Link::new("Edit", format!("{page}edit/")));
    if may_edit_members {
        thing = thing.action(Link::new("Add members", format!("{page}add-member/")));
    }
    if staff.holds(Permission::DataPermissionManage) {
        thing = thing.action(Link::new("Data permissions", format!("{page}data-permissions/")));
    }
    thing = thing
        .action(Link::new("Audit log", format!("{page}audit-log/")))
        .action(on_site(format!("/{}/", project.slug)));
    if !form.status_description.is_empty() {
        let html = SafeHtml::from_markdown(&form.status_description);
        thing = thing.section(Section::new("About the status").html(html));
    }
    if !form.copilot_notes.is_empty() {
        thing = thing.section(Section::new("Notes of co-pilots").html(plain_html(&form.copilot_notes)));
    }
    let may_retry = staff.holds(Permission::ProjectCreate);
    if let Some(section) = interactive::section(&project.slug, &interactives, may_retry) {
        thing = thing.section(section);
    }
    thing = thing
        .section(members_section(&project, members, asked.as_deref(), may_edit_members))
        .section(orgs_section(orgs))
        .section(workspaces_section(&project.slug, workspaces))
        .section(history_section(&project, history))
        .section(redirects::section(old));
    Ok(thing.render(&staff))
}

/// Stored roles as words; what no role is any more stands as it is stored.
pub(super) fn roles_text(roles: &[String]) -> String {
    let words = roles.iter().map(|role| match role.parse::<Role>() {
        Ok(role) => role.title().to_owned(),
        Err(()) => role.clone(),
    });
    words.collect::<Vec<_>>().join(", ")
}

/// What taking somebody out of a project comes to.
pub(super) fn removal(member: &Member, project: &Project) -> String {
    let label = person_label(&member.username, &member.fullname);
    let roles = match member.roles.len() {
        0 => String::new(),
        1 => format!(", and loses the role {}", roles_text(&member.roles)),
        count => format!(", and loses {count} roles: {}", roles_text(&member.roles)),
    };
    format!("{label} leaves {}{roles}.", project.title())
}

fn members_section(project: &Project, members: First<Member>, asked: Option<&str>, may_edit: bool) -> Section {
    let page = href(&project.slug);
    let section = Section::new("Members").looked_through(&members, MEMBERS, &page, asked);
    let rows = members.rows.into_iter().map(|member| {
        let mut name = person(Some(&member.username), Some(&member.fullname));
        if !member.is_active {
            name = name.pill_too("neutral", "Deactivated");
        }
        let mut row = vec![
            name,
            Cell::text(roles_text(&member.roles)),
            Cell::time(Some(member.joined_at)),
        ];
        if may_edit {
            let next = encode_next(&page);
            let one = format!("{page}members/{}/", member.id);
            let ask = Ask::new("Remove", format!("{one}remove/"))
                .text(removal(&member, project))
                .button("Remove from the project");
            row.push(Cell::link("Edit roles", format!("{one}edit/?next={next}")).ask_too(ask));
        }
        row
    });
    let rows: Vec<Vec<Cell>> = rows.collect();
    let columns: &[&'static str] = match may_edit {
        true => &["Name", "Roles", "Since", "Change"],
        false => &["Name", "Roles", "Since"],
    };
    let nobody = match asked {
        Some(_) => "Nobody who works on it is called that.",
        None => "Nobody works on it yet.",
    };
    section.table(columns, rows, nobody)
}

fn orgs_section(orgs: Vec<lists::ProjectOrg>) -> Section {
    let rows = orgs.into_iter().map(|org| {
        let mut name = Cell::link(org.name, format!("/staff/orgs/{}/", org.slug));
        if org.is_lead {
            name = name.pill_too("accent", "Leads");
        }
        vec![name]
    });
    let rows = rows.collect();
    Section::new("Organisations").table(&["Name"], rows, "It belongs to none.")
}

fn workspaces_section(project: &str, workspaces: First<ProjectWorkspace>) -> Section {
    let all = Link::new("All workspaces", format!("/staff/workspaces/?projects={project}"));
    let section = Section::new("Workspaces").beginning(&workspaces, all);
    let rows = workspaces.rows.into_iter().map(|workspace| {
        let mut name = Cell::link(workspace.name.clone(), format!("/staff/workspaces/{}/", workspace.name));
        if workspace.is_archived {
            name = name.pill_too("neutral", "Archived");
        }
        let repo = workspace.repo_url.trim_start_matches("https://github.com/").to_owned();
        vec![
            name,
            Cell::link(repo, super::words::repo_href(&workspace.repo_url)),
            Cell::code(workspace.branch),
            Cell::time(workspace.newest_at),
        ]
    });
    section.table(
        &["Name", "Repository", "Branch", "Last job request"],
        rows.collect(),
        "It has none yet.",
    )
}

fn history_section(project: &Project, history: Vec<lists::StatusChange>) -> Section {
    let rows = history.into_iter().map(|change| {
        vec![
            Cell::time(Some(change.at)),
            Cell::text(status_label(&change.old)),
            Cell::text(status_label(&change.new)),
            Cell::link(change.by.clone(), person_href(&change.by)),
        ]
    });
    let rows = rows.collect();
    let never = format!(
        "It was never changed: {}.",
        status_label(&project.status).to_lowercase()
    );
    Section::new("History of the status").table(&["When", "From", "To", "By"], rows, never)
}
