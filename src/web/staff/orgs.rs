//! Organisations: who belongs to them, and where their code is.

use rocket::{get, post};

use super::cell::{Ask, Cell};
use super::field::Field;
use super::form::Form;
use super::guard::Staff;
use super::htmx::Made;
use super::list::{List, ListAnswer, ListAsked};
use super::people::PeoplePicker;
use super::thing::{Section, Thing};
use super::words::{on_site, person, person_label, project_status};
use super::{htmx, query, redirects};
use crate::core::access::Permission;
use crate::core::error::{Error, FieldErrors};
use crate::core::paging::First;
use crate::core::people::store::pick::Circle;
use crate::core::projects::orgs::{OrgForm, Stored, actions, lists, members};
use crate::core::projects::store::orgs::org_by_slug;
use crate::core::projects::title;
use crate::core::redirects::lists as redirect_lists;
use crate::web::database::Database;
use crate::web::forms::CsrfForm;
use crate::web::pages::answer::Answer;
use crate::web::pages::logos::Logos;
use crate::web::responders::{Failure, Outcome};
use crate::web::view::{Link, Page, plain_html};

#[get("/staff/orgs")]
pub async fn list(staff: Staff<'_>, db: &Database) -> Outcome<ListAnswer> {
    let asked = ListAsked::read(&staff.visit)?;
    let listed = lists::orgs(&mut *db.read().await?, asked.q(), asked.page(), asked.per_page()).await?;
    let mut list = List::new("Organisations")
        .lead("Who carries projects. Their members see more of those, and their code is where they work on GitHub.")
        .search("Name")
        .columns(&["Name", "Slug", "GitHub organisations", "Members", "Projects", "Created"])
        .filed(&["Internal", "Co-piloted"])
        .empty(
            "No organisation yet",
            "Every project has one that leads it: make it first.",
        );
    if staff.holds(Permission::OrgCreate) {
        list = list.action(Link::new("New organisation", "/staff/orgs/add/"));
    }
    for org in listed.rows {
        let mut name = Cell::link(org.name, format!("/staff/orgs/{}/", org.slug));
        if org.is_internal {
            name = name.badge("neutral", "Internal");
        }
        if org.is_not_copiloted {
            name = name.badge("neutral", "Not co-piloted");
        }
        list.row(vec![
            name,
            Cell::code(org.slug),
            Cell::text(org.github_orgs.join(", ")),
            Cell::number(org.members),
            Cell::number(org.projects),
            Cell::time(Some(org.created_at)),
            Cell::yes_no(org.is_internal),
            Cell::yes_no(!org.is_not_copiloted),
        ]);
    }
    list.answer(&staff, &asked, listed.total)
}

/// What the address names members by who are looked for.
pub(super) const MEMBERS: &str = "members";

/// What was typed on an organisation's page and is not saved.
struct Typed {
    people: PeoplePicker,
    people_errors: FieldErrors,
}

#[get("/staff/orgs/<slug>")]
pub async fn detail(staff: Staff<'_>, db: &Database, slug: &str) -> Outcome<Page> {
    let org = find(db, slug).await?;
    let typed = Typed {
        people: PeoplePicker::outside(Circle::Org(org.id)),
        people_errors: FieldErrors::default(),
    };
    show(&staff, db, org, typed).await
}

#[post("/staff/orgs/<slug>", data = "<form>")]
pub async fn add_members(staff: Staff<'_>, db: &Database, slug: &str, form: CsrfForm) -> Outcome<Answer> {
    let org = find(db, slug).await?;
    let people = PeoplePicker::read(&mut *db.read().await?, &form, "users", Some(Circle::Org(org.id))).await?;
    let mut people_errors = FieldErrors::default();
    if people.has_strange_text() {
        people_errors.add(
            "users",
            "Nobody has exactly this username. Choose from those who were found.",
        );
    }
    if let Some(why) = people.refused() {
        people_errors.add("users", why);
    }
    if !people.looks() && people_errors.is_empty() {
        match members::add(db, &staff.can, org.id, &people.ids()).await {
            Ok(added) => {
                let said = match added {
                    0 => "They belong to it already.".to_owned(),
                    1 => format!("One person now belongs to {}.", org.form.name),
                    _ => format!("{added} people now belong to {}.", org.form.name),
                };
                return Ok(Answer::told(href(&org), "success", said));
            }
            Err(Error::Invalid(errors)) => people_errors = errors,
            Err(Error::NotAllowed(why)) => people_errors.add("users", why),
            Err(error) => return Err(error.into()),
        }
    }
    let typed = Typed { people, people_errors };
    Ok(show(&staff, db, org, typed).await?.into())
}

#[post("/staff/orgs/<slug>/remove-member", data = "<form>")]
pub async fn remove_member(staff: Staff<'_>, db: &Database, slug: &str, form: CsrfForm) -> Outcome<Answer> {
    let org = find(db, slug).await?;
    let username = form.text("username");
    Ok(match members::remove(db, &staff.can, org.id, username).await? {
        true => Answer::told(
            href(&org),
            "success",
            format!("{username} no longer belongs to {}.", org.form.name),
        ),
        false => Answer::told(href(&org), "warning", "They did not belong to it any more."),
    })
}

#[get("/staff/orgs/<slug>/add-github-org")]
pub async fn github_org_form(staff: Staff<'_>, db: &Database, slug: &str) -> Outcome<Page> {
    let org = find(db, slug).await?;
    Ok(github_page(&staff, &org, "", &FieldErrors::default()))
}

#[post("/staff/orgs/<slug>/add-github-org", data = "<form>")]
pub async fn add_github_org(staff: Staff<'_>, db: &Database, slug: &str, form: CsrfForm) -> Outcome<Made> {
    let org = find(db, slug).await?;
    let name = form.text("name");
    match actions::add_github_org(db, &staff.can, org.id, name).await {
        Ok(()) if htmx::is_htmx(&staff.visit) => Ok(Made::redirect(href(&org))),
        Ok(()) => Ok(Answer::told(href(&org), "success", format!("{name} is added.")).into()),
        Err(Error::Invalid(errors)) => Ok(github_page(&staff, &org, name, &errors).into()),
        Err(error) => Err(error.into()),
    }
}

#[post("/staff/orgs/<slug>/remove-github-org", data = "<form>")]
pub async fn remove_github_org(staff: Staff<'_>, db: &Database, slug: &str, form: CsrfForm) -> Outcome<Answer> {
    let org = find(db, slug).await?;
    let name = form.text("name");
    Ok(match actions::remove_github_org(db, &staff.can, org.id, name).await? {
        true => Answer::told(href(&org), "success", format!("{name} is removed.")),
        false => Answer::told(href(&org), "danger", "This GitHub organisation is not one of its own."),
    })
}

fn href(org: &Stored) -> String {
    format!("/staff/orgs/{}/", org.form.slug)
}

/// The organisation of this slug, as it stands.
pub(super) async fn find(db: &Database, slug: &str) -> Outcome<Stored> {
    let not_found = || Failure::not_found("Organisation");
    let mut conn = db.read().await?;
    let org = org_by_slug(&mut conn, slug).await?.ok_or_else(not_found)?;
    lists::stored(&mut conn, org.id).await?.ok_or_else(not_found)
}

/// The organisation of this id, as a form has it.
pub(super) async fn by_id(db: &Database, id: &str) -> Outcome<Stored> {
    let not_found = || Failure::not_found("Organisation");
    let id = id.parse().map_err(|_| not_found())?;
    lists::stored(&mut *db.read().await?, id).await?.ok_or_else(not_found)
}

const ADD_GITHUB_ORG: &str = "Add a GitHub organisation";

fn github_form(name: &str, errors: &FieldErrors) -> Form {
    Form::new("Add").errors(errors).field(
        Field::text("name", "Name at GitHub", name)
            .required()
            .code()
            .help("As it stands in the address: opensafely, for example."),
    )
}

fn github_page(staff: &Staff<'_>, org: &Stored, name: &str, errors: &FieldErrors) -> Page {
    if htmx::is_htmx(&staff.visit) {
        let form = github_form(name, errors).cancel(href(org));
        return htmx::fragment(staff, ADD_GITHUB_ORG, form);
    }
    super::form::FormPage::new(ADD_GITHUB_ORG)
        .under("Organisations", "/staff/orgs/")
        .under(org.form.name.clone(), href(org))
        .form(github_form(name, errors).cancel(href(org)))
        .render(staff)
}

async fn show(staff: &Staff<'_>, db: &Database, org: Stored, typed: Typed) -> Outcome<Page> {
    let mut conn = db.read().await?;
    let asked = query::one_looked_for(staff.visit.query(), MEMBERS);
    let members = lists::members(&mut conn, org.id, asked.as_deref()).await?;
    let projects = lists::projects(&mut conn, org.id).await?;
    let wanted = redirect_lists::Wanted {
        org_id: Some(org.id),
        ..redirect_lists::Wanted::default()
    };
    let old = redirects::of(&mut conn, wanted).await?;
    drop(conn);
    let page = href(&org);
    let form = &org.form;
    let mut thing = Thing::new("Organisation", form.name.clone())
        .under("Organisations", "/staff/orgs/")
        .fact("Logo", logo(staff, form))
        .fact("Slug", Cell::code(&form.slug))
        .fact("Created", Cell::time(Some(org.created_at)))
        .fact(
            "Created by",
            person(org.created_by_username.as_deref(), org.created_by_fullname.as_deref()),
        )
        .fact("Internal", Cell::yes_no(form.is_internal))
        .fact("Co-piloted", Cell::yes_no(!form.is_not_copiloted))
        .fact("Output checks in", Cell::code(&form.output_checking_repo))
        .fact("Slack channel", Cell::code(&form.slack_channel))
        .action(Link::new("Edit", format!("{page}edit/")))
        .action(Link::new("Audit log", format!("{page}audit-log/")))
        .action(on_site(format!("/orgs/{}/", form.slug)));
    if !form.description.is_empty() {
        thing = thing.section(Section::new("Description").html(plain_html(&form.description)));
    }
    thing = thing
        .section(members_section(&page, &form.name, members, asked.as_deref()))
        .section(
            Section::new("Add members")
                .lead(
                    "People who do not belong to it yet. Belonging gives no role; it shows them more of its projects.",
                )
                .form(
                    Form::new("Add")
                        .action(page.clone())
                        .errors(&typed.people_errors)
                        .field(Field::people("users", "People", &typed.people).required()),
                ),
        )
        .section(github_section(&page, &org.github_orgs))
        .section(projects_section(&form.slug, projects))
        .section(redirects::section(old));
    Ok(thing.render(staff))
}

/// The logo as its members' pages show it.
pub(super) fn logo(staff: &Staff<'_>, form: &OrgForm) -> Cell {
    let mut logos = Logos::default();
    let shown = logos.href(&form.logo, form.logo_file.as_deref());
    logos.allow(&staff.visit);
    shown.map_or_else(Cell::none, Cell::picture)
}

fn members_section(page: &str, org: &str, members: First<lists::Member>, asked: Option<&str>) -> Section {
    let section = Section::new("Members").looked_through(&members, MEMBERS, page, asked);
    let rows = members.rows.into_iter().map(|member| {
        let label = person_label(&member.username, &member.fullname);
        let mut name = person(Some(&member.username), Some(&member.fullname));
        if !member.is_active {
            name = name.pill_too("neutral", "Deactivated");
        }
        let ask = Ask::new("Remove", format!("{page}remove-member/"))
            .text(format!(
                "{label} will no longer belong to {org}. Roles in its projects stay."
            ))
            .button("Remove from the organisation")
            .hidden("username", &member.username);
        vec![name, Cell::time(Some(member.joined_at)), Cell::ask(ask)]
    });
    let nobody = match asked {
        Some(_) => "Nobody who belongs to it is called that.",
        None => "Nobody belongs to it yet.",
    };
    section.table(&["Name", "Since", "Remove"], rows.collect(), nobody)
}

fn github_section(page: &str, github_orgs: &[String]) -> Section {
    let mut names: Vec<&String> = github_orgs.iter().collect();
    names.sort_unstable_by_key(|name| name.to_lowercase());
    let rows = names.into_iter().map(|name| {
        let ask = Ask::new("Remove", format!("{page}remove-github-org/"))
            .text(format!(
                "Its members will no longer be offered repositories of {name} for new workspaces. Workspaces stay."
            ))
            .hidden("name", name);
        vec![Cell::link(name, format!("https://github.com/{name}")), Cell::ask(ask)]
    });
    let rows = rows.collect();
    Section::new("GitHub organisations")
        .lead("Where its members' repositories are, for new workspaces.")
        .table(&["Name", "Remove"], rows, "None: its members can choose no repository.")
        .dialog(Link::new(ADD_GITHUB_ORG, format!("{page}add-github-org/")))
}

fn projects_section(slug: &str, projects: First<lists::OrgProject>) -> Section {
    let all = Link::new("All projects", format!("/staff/projects/?orgs={slug}"));
    let section = Section::new("Projects").beginning(&projects, all);
    let rows = projects.rows.into_iter().map(|project| {
        let title = title(project.number.as_deref(), &project.name);
        let mut name = Cell::link(title, format!("/staff/projects/{}/", project.slug));
        if project.is_lead {
            name = name.pill_too("accent", "Leads");
        }
        vec![name, project_status(&project.status)]
    });
    section.table(&["Project", "Status"], rows.collect(), "It takes part in no project.")
}
