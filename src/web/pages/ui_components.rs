//! The gallery of components: every partial with each of its variants, from the very templates.

use rocket::get;
use serde::Serialize;
use serde_json::{Value, json};
use time::{Duration, OffsetDateTime};

use crate::core::jobs::JobRequestStatus;
use crate::web::guards::Visit;
use crate::web::message::CODELISTS_OUT_OF_DATE;
use crate::web::view::{
    Banner, JobRequestRow, JobRequestsTable, Link, Notice, Page, Pagination, Status, Tab, Time, sentence,
};

#[derive(Serialize)]
pub struct UiComponentsView {
    pub statuses: Vec<Status>,
    pub running: Status,
    pub project_statuses: Vec<Value>,
    pub application_statuses: Vec<Value>,
    pub cancel: Value,
    pub cancel_disabled: Value,
    pub compare: Value,
    pub banners: Vec<Banner>,
    pub time: Time,
    pub identifier: Value,
    pub timeline: Value,
    pub tabs: Vec<Tab>,
    pub table: JobRequestsTable,
    pub no_rows: JobRequestsTable,
    pub pagination: Pagination,
    pub last_page: Pagination,
    pub messages: Vec<Notice>,
    pub errors: Value,
    #[serde(flatten)]
    pub fields: Value,
}

#[get("/ui-components")]
pub fn ui_components(visit: Visit<'_>) -> Page {
    let now = OffsetDateTime::now_utc();
    let mut statuses: Vec<Status> = JobRequestStatus::ALL.into_iter().map(Status::from).collect();
    statuses.push(Status::of_job("cancelled"));
    let view = UiComponentsView {
        statuses,
        running: JobRequestStatus::Running.into(),
        project_statuses: named(&[
            "ongoing",
            "ongoing-and-linked",
            "postponed",
            "completed-and-linked",
            "completed-and-awaiting",
            "retired",
        ]),
        application_statuses: named(&[
            "ongoing",
            "submitted",
            "approved_subject",
            "approved_fully",
            "completed",
            "rejected",
        ]),
        cancel: cancel(None),
        cancel_disabled: cancel(Some("It has finished.")),
        compare: json!({"text": null, "previous": Link::new("Compare with the previous request", "#c-compare"),
            "succeeded": Link::new("Compare with the last that succeeded", "#c-compare")}),
        banners: ["info", "success", "warning", "danger"].map(banner).into(),
        time: Time::new(now - Duration::minutes(4)),
        identifier: json!({"display": "kqhx3vdyfhmw7tjz", "text": "kqhx3vdyfhmw7tjz", "label": "Copy the identifier"}),
        timeline: json!([
            {"label": "Created", "time": Time::new(now - Duration::hours(2)), "text": null, "done": true},
            {"label": "Finished", "time": null, "text": "Not yet", "done": false},
        ]),
        tabs: Tab::pair(
            ("Overview", "#c-tabs".to_owned()),
            ("Job requests", "#c-tabs".to_owned()),
            0,
        ),
        table: table(now),
        no_rows: JobRequestsTable {
            rows: Vec::new(),
            ..table(now)
        },
        pagination: Pagination::new(3, 214, 25, None),
        last_page: Pagination::new(9, 214, 25, None),
        messages: vec![
            Notice::of_message("success", "The project is saved. This can be dismissed.".to_owned()),
            Notice::of_message(CODELISTS_OUT_OF_DATE, String::new()),
        ],
        errors: json!([{"href": "#id_email", "text": WRONG_EMAIL}]),
        fields: fields(),
    };
    let chrome = visit
        .chrome("Components")
        .here("Page", "Components")
        .script(&visit, "multiselect")
        .script(&visit, "tables");
    visit.render("pages/ui_components", chrome, &view)
}

/// Values of a status with their words.
fn named(values: &[&str]) -> Vec<Value> {
    values
        .iter()
        .map(|value| json!({"value": value, "label": sentence(&value.replace('-', "_"))}))
        .collect()
}

const WRONG_EMAIL: &str = "Enter an e-mail address, such as name@example.org.";

/// The form leads to the gallery itself, which answers no POST.
fn cancel(reason: Option<&str>) -> Value {
    json!({
        "action": "/ui-components/",
        "csrf": "",
        "enabled": reason.is_none(),
        "reason": reason,
        "label": "Cancel",
        "question": "Stop the 4 jobs that have not finished? What they have done so far is lost. Jobs that have finished stay as they are.",
        "confirm": "Cancel 4 jobs",
    })
}

fn banner(tone: &'static str) -> Banner {
    let mut name = tone.to_owned();
    name[..1].make_ascii_uppercase();
    Banner {
        tone,
        title: Some(format!("{name}.")),
        text: "What happened, and what to do.".to_owned(),
        href: Some("/".to_owned()),
        link_text: Some("A link".to_owned()),
    }
}

fn table(now: OffsetDateTime) -> JobRequestsTable {
    let row = |number: &str, status: JobRequestStatus, jobs: &str, workspace: &str, started: Option<Duration>| {
        JobRequestRow {
            number: number.to_owned(),
            href: "#c-table".to_owned(),
            status: status.into(),
            jobs: jobs.to_owned(),
            actions: vec!["generate_dataset".to_owned(), "describe tables 1.2".to_owned()],
            workspace: Some(Link::new(workspace, "#c-table")),
            project: Some(Link::new("Long covid and return to work", "#c-table")),
            org: Some(Link::new("University of Northbridge", "#c-table")),
            backend: "TPP".to_owned(),
            user: Some(Link::new("Ada Lovelace", "#c-table")),
            started: started.map(|ago| Time::new(now - ago)),
        }
    };
    use JobRequestStatus::{Pending, Running, Succeeded};
    let long = "statins_frailty_hospital_admission_sensitivity_analysis_2024_without_care_homes";
    JobRequestsTable {
        caption: "An example of a table",
        show_workspace: true,
        show_user: true,
        rows: vec![
            row(
                "10482",
                Running,
                "3/8",
                "long-covid-work-main",
                Some(Duration::seconds(40)),
            ),
            row("10481", Pending, "0/5", long, None),
            row(
                "10480",
                Succeeded,
                "12/12",
                "vaccine-uptake-weekly",
                Some(Duration::hours(1)),
            ),
        ],
    }
}

fn fields() -> Value {
    json!({
        "field_error": {"id": "id_email", "name": "email", "label": "E-mail", "help": null, "value": "ada",
            "error": WRONG_EMAIL, "required": true, "type": "email", "autocomplete": "email", "code": false},
        "field_select": {"id": "id_backend", "name": "backend", "label": "Backend", "help": null, "error": null,
            "required": true, "groups": [{"label": null, "options": [
                {"value": "tpp", "label": "TPP", "selected": true}, {"value": "emis", "label": "EMIS", "selected": false}]}]},
        "field_groups": {"id": "select-2", "name": "select-2", "label": "Backend", "required": true, "groups": [
            {"label": null, "options": [{"value": "", "label": "Choose one", "selected": true}]},
            {"label": "In use", "options": [{"value": "tpp", "label": "TPP", "selected": false}, {"value": "emis", "label": "EMIS", "selected": false}]},
            {"label": "For tests", "options": [{"value": "test", "label": "Test", "selected": false}]}]},
        "field_radios": {"id": "id_kind", "name": "kind", "label": "One of a few", "help": null, "error": null, "options": [
            {"id": "id_kind", "name": "kind", "value": "a", "label": "First", "help": null, "checked": true},
            {"id": "id_kind_1", "name": "kind", "value": "b", "label": "Second", "help": "With a word of help", "checked": false}]},
        "field_checkboxes": {"id": "id_several", "name": "several", "label": "Any number of a few",
            "help": "Choose all that apply.", "error": null, "options": [
            {"id": "id_several", "name": "several", "value": "a", "label": "First", "help": null, "checked": true},
            {"id": "id_several_1", "name": "several", "value": "b", "label": "Second", "help": null, "checked": false}]},
    })
}
