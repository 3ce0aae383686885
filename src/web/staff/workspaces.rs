//! Workspaces: what they belong to, what they are for, and whether they are in use.

use rocket::{get, post};

use super::cell::Cell;
use super::field::Field;
use super::form::{Form, FormPage};
use super::guard::Staff;
use super::list::{Filter, List, ListAnswer, ListAsked};
use super::named::history;
use super::redirects;
use super::thing::{Section, Thing};
use super::words::{addresses_changed, on_site, org_options, overtaken, person, repo_href};
use crate::core::error::{Error, FieldErrors};
use crate::core::jobs::JobRequestStatus;
use crate::core::projects::staff::lists::org_choices;
use crate::core::projects::title;
use crate::core::redirects::lists as redirect_lists;
use crate::core::versions::Saved;
use crate::core::workspaces::staff::lists::{self, ProjectChoice, Wanted, WorkspaceRequest};
use crate::core::workspaces::staff::{Stored, WorkspaceForm, actions};
use crate::web::database::Database;
use crate::web::forms::CsrfForm;
use crate::web::pages::answer::Answer;
use crate::web::responders::{Failure, Outcome};
use crate::web::view::{Link, Page, encode_segment, plain_html};

#[get("/staff/workspaces")]
pub async fn list(staff: Staff<'_>, db: &Database) -> Outcome<ListAnswer> {
    let asked = ListAsked::read(&staff.visit)?;
    let (orgs, projects) = (asked.many("orgs"), asked.many("projects"));
    let wanted = Wanted {
        q: asked.q(),
        orgs: &orgs,
        projects: &projects,
    };
    let mut conn = db.read().await?;
    let listed = lists::workspaces(&mut conn, wanted, asked.page(), asked.per_page()).await?;
    let choices = org_choices(&mut conn).await?;
    drop(conn);
    let mut list = List::new("Workspaces")
        .lead("Branches of repositories, each run for a project.")
        .search("Name or repository")
        .filter(Filter::several("orgs", "Organisations", org_options(&choices)))
        .filter(Filter::typed("projects", "Project", Some("projects")).any_of())
        .columns(&["Name", "Project", "Organisation", "Repository", "Branch", "Created"])
        .filed(&["Archived"])
        .empty(
            "No workspace yet",
            "Developers of a project make them on the project's page.",
        );
    for row in listed.rows {
        let mut name = Cell::link(row.name.clone(), href(&row.name));
        if row.is_archived {
            name = name.badge("neutral", "Archived");
        }
        let org = match (row.org_name, row.org_slug) {
            (Some(name), Some(slug)) => Cell::link(name, format!("/staff/orgs/{slug}/")),
            _ => Cell::none(),
        };
        list.row(vec![
            name,
            Cell::link(
                title(row.project_number.as_deref(), &row.project_name),
                format!("/staff/projects/{}/", row.project_slug),
            ),
            org,
            Cell::link(short(&row.repo_url), repo_href(&row.repo_url)),
            Cell::code(row.branch),
            Cell::time(row.created_at),
            Cell::yes_no(row.is_archived),
        ]);
    }
    list.answer(&staff, &asked, listed.total)
}

fn href(name: &str) -> String {
    format!("/staff/workspaces/{}/", encode_segment(name))
}

/// `owner/name`, or the address when it is elsewhere.
fn short(repo_url: &str) -> String {
    repo_url.trim_start_matches("https://github.com/").to_owned()
}

async fn find(db: &Database, name: &str) -> Outcome<Stored> {
    let not_found = || Failure::not_found("Workspace");
    let mut conn = db.read().await?;
    let id = lists::id_by_name(&mut conn, name).await?.ok_or_else(not_found)?;
    lists::stored(&mut conn, id).await?.ok_or_else(not_found)
}

#[get("/staff/workspaces/<name>")]
pub async fn detail(staff: Staff<'_>, db: &Database, name: &str) -> Outcome<Page> {
    let stored = find(db, name).await?;
    let mut conn = db.read().await?;
    let facts = lists::facts(&mut conn, stored.id).await?;
    let requests = lists::last_requests(&mut conn, stored.id).await?;
    let wanted = redirect_lists::Wanted {
        workspace_id: Some(stored.id),
        ..redirect_lists::Wanted::default()
    };
    let old = redirects::of(&mut conn, wanted).await?;
    let events = format!("/staff/events/?object=jobserver.Workspace:{}", stored.id);
    let history = history(&mut conn, "jobserver.Workspace", stored.id).await?;
    let history = history.link(Link::new("All that happened", events));
    drop(conn);
    let page = href(&stored.name);
    let org = match (facts.org_name, facts.org_slug) {
        (Some(name), Some(slug)) => Cell::link(name, format!("/staff/orgs/{slug}/")),
        _ => Cell::none(),
    };
    let stands = match stored.form.is_archived {
        true => Cell::pill("neutral", "Archived").note("No jobs can be run in it."),
        false => Cell::pill("success", "In use"),
    };
    let purpose = match stored.form.purpose.as_str() {
        "" => Section::new("Purpose").lead("Nobody has said what it is for."),
        purpose => Section::new("Purpose").html(plain_html(purpose)),
    };
    let created_by = person(
        facts.created_by_username.as_deref(),
        facts.created_by_fullname.as_deref(),
    );
    let thing = Thing::new("Workspace", stored.name.clone())
        .under("Workspaces", "/staff/workspaces/")
        .fact("State", stands)
        .fact(
            "Project",
            Cell::link(
                stored.project_title.clone(),
                format!("/staff/projects/{}/", stored.project_slug),
            ),
        )
        .fact("Organisation", org)
        .fact(
            "Repository",
            Cell::link(short(&facts.repo_url), repo_href(&facts.repo_url)).note(format!("Branch {}", facts.branch)),
        )
        .fact("Notifies by default", Cell::yes_no(facts.should_notify))
        .fact(
            "Signed off",
            Cell::time(facts.signed_off_at).note(facts.signed_off_by.unwrap_or_default()),
        )
        .fact("Created", Cell::time(facts.created_at))
        .fact("Created by", created_by)
        .fact(
            "Last changed",
            Cell::time(Some(stored.updated_at)).note(format!("by {}", stored.updated_by)),
        )
        .action(Link::new("Edit", format!("{page}edit/")))
        .action(on_site(stored.href()))
        .section(purpose)
        .section(requests_section(&stored.name, requests))
        .section(redirects::section(old))
        .section(history);
    Ok(thing.render(&staff))
}

fn requests_section(workspace: &str, requests: Vec<WorkspaceRequest>) -> Section {
    let rows = requests.into_iter().map(|request| {
        let status = request.status.parse().unwrap_or(JobRequestStatus::Unknown);
        let status = crate::web::view::Status::from(status);
        vec![
            Cell::link(
                format!("#{}", request.id),
                format!("/staff/job-requests/{}/", request.id),
            ),
            Cell::status(status),
            Cell::shortened(request.actions.join(", "), 120),
            Cell::text(request.backend),
            person(request.username.as_deref(), request.fullname.as_deref()),
            Cell::time(request.created_at),
        ]
    });
    let rows = rows.collect();
    Section::new("Last job requests")
        .table(
            &["Request", "Status", "Actions", "Backend", "By", "When"],
            rows,
            "Nothing was ever run in it.",
        )
        .link(Link::new(
            "All of its job requests",
            format!("/staff/job-requests/?workspace={workspace}"),
        ))
}

/// What the form of a workspace shows.
struct Shown {
    form: WorkspaceForm,
    errors: FieldErrors,
    seen: String,
    now: Option<Stored>,
}

#[get("/staff/workspaces/<name>/edit")]
pub async fn edit_form(staff: Staff<'_>, db: &Database, name: &str) -> Outcome<Page> {
    let stored = find(db, name).await?;
    let shown = Shown {
        form: stored.form.clone(),
        errors: FieldErrors::default(),
        seen: stored.form.version(),
        now: None,
    };
    edit_page(&staff, db, &stored, shown).await
}

#[post("/staff/workspaces/<name>/edit", data = "<form>")]
pub async fn edit(staff: Staff<'_>, db: &Database, name: &str, form: CsrfForm) -> Outcome<Answer> {
    let stored = find(db, name).await?;
    let typed = WorkspaceForm {
        // What is no number is no project.
        project_id: form.text("project").parse().unwrap_or(0),
        is_archived: form.flag("is_archived"),
        purpose: form.text("purpose").replace("\r\n", "\n"),
    };
    let page = href(&stored.name);
    let seen = form.text("seen").to_owned();
    let shown = match actions::edit(db, &staff.can, stored.id, &typed, &seen).await {
        Ok(Saved::Done) => {
            addresses_changed(&staff).await;
            return Ok(Answer::told(page, "success", "The workspace is saved."));
        }
        Ok(Saved::Unchanged) => {
            return Ok(Answer::told(
                page,
                "info",
                "Nothing was different, so nothing is changed.",
            ));
        }
        Ok(Saved::Overtaken(now)) => Shown {
            form: typed,
            errors: FieldErrors::default(),
            seen: now.form.version(),
            now: Some(*now),
        },
        Err(Error::Invalid(errors)) => Shown {
            form: typed,
            errors,
            seen,
            now: None,
        },
        Err(error) => return Err(error.into()),
    };
    Ok(edit_page(&staff, db, &stored, shown).await?.into())
}

async fn edit_page(staff: &Staff<'_>, db: &Database, stored: &Stored, shown: Shown) -> Outcome<Page> {
    let projects = lists::project_choices(&mut *db.read().await?).await?;
    let label = |project: &ProjectChoice| title(project.number.as_deref(), &project.name);
    let mut options: Vec<(String, String)> = projects.iter().map(|one| (one.id.to_string(), label(one))).collect();
    let typed = &shown.form;
    let chosen = typed.project_id.to_string();
    if !options.iter().any(|(value, _)| *value == chosen) {
        options.insert(0, (String::new(), "Choose one".to_owned()));
    }
    let page = href(&stored.name);
    let mut form =
        Form::new("Save")
            .errors(&shown.errors)
            .seen(&shown.seen)
            .cancel(&page)
            .field(Field::select("project", "Project", options, &chosen).required().help(
                "With another one its address changes too. Whoever asks for the old address is led to the new one.",
            ))
            .field(
                Field::tick("is_archived", "Archived", typed.is_archived)
                    .help("No jobs can be run in an archived workspace."),
            )
            .field(Field::area("purpose", "Purpose", &typed.purpose).rows(6));
    if let Some(now) = &shown.now {
        let title_of = |id: i32| projects.iter().find(|one| one.id == id).map(label).unwrap_or_default();
        let flag = |is_set: bool| if is_set { "Yes" } else { "No" }.to_owned();
        let parts = [
            ("Project", now.project_title.clone(), title_of(typed.project_id)),
            ("Archived", flag(now.form.is_archived), flag(typed.is_archived)),
            ("Purpose", now.form.purpose.clone(), typed.purpose.clone()),
        ];
        form = form.overtaken(overtaken(Some(now.updated_by.clone()), Some(now.updated_at), &parts));
    }
    Ok(FormPage::new(format!("Edit {}", stored.name))
        .under("Workspaces", "/staff/workspaces/")
        .under(stored.name.clone(), page)
        .lead("Name, repository and branch of a workspace never change.")
        .form(form)
        .render(staff))
}
