//! What happens by itself.

use rocket::{get, post};

use super::cell::{Ask, Cell};
use super::guard::Staff;
use super::list::{List, ListAnswer, ListAsked};
use crate::core::schedules::{self, Hastened, Outcome as Ended, Standing};
use crate::web::database::Database;
use crate::web::forms::CsrfForm;
use crate::web::pages::Answer;
use crate::web::responders::{Failure, Outcome};
use crate::web::view::{capitalised, sentence};

const LIST: &str = "/staff/schedules/";

#[get("/staff/schedules")]
pub async fn list(staff: Staff<'_>, db: &Database) -> Outcome<ListAnswer> {
    let asked = ListAsked::read(&staff.visit)?;
    let standing = schedules::list(db).await?;
    let mut conn = db.read().await?;
    let seen = schedules::seconds_since_a_worker(&mut conn).await?;
    drop(conn);
    let mut list = List::new("Schedules")
        .lead("What happens by itself, when it last did, and what came of it. Times are UTC.")
        .columns(&["Schedule", "When", "Last run", "What came of it", "Due next", ""])
        .filed(&["What it does", "Seconds", "In words"]);
    if seen.is_none_or(|seconds| seconds > 60.0) {
        list = list.note("No worker has been seen for a minute or longer. Nothing runs by itself until one does.");
    }
    let total = i64::try_from(standing.len()).unwrap_or(i64::MAX);
    for schedule in standing {
        list.row(row(&schedule));
    }
    list.answer(&staff, &asked, total)
}

fn row(standing: &Standing) -> Vec<Cell> {
    let schedule = standing.schedule;
    let does = capitalised(schedule.does);
    let last = standing.last.as_ref();
    let is_running = last.is_some_and(|last| last.outcome == Ended::Running);
    let outcome = last.map_or_else(Cell::none, |last| {
        let variant = match last.outcome {
            Ended::Running => "running",
            Ended::Ok => "success",
            Ended::Failed | Ended::Abandoned => "danger",
        };
        Cell::pill(variant, sentence(last.outcome.name())).note(last.told.as_str())
    });
    let seconds = last.and_then(|last| last.seconds);
    let took = seconds.map(|seconds| format!("took {seconds:.1} s"));
    let run = Ask::new("Run now", format!("{LIST}{}/run/", schedule.name))
        .text(format!(
            "A worker does this within half a minute: {}. Afterwards it is due as ever.",
            schedule.does
        ))
        .harmless();
    vec![
        Cell::code(schedule.name).note(does.as_str()),
        Cell::text(schedule.when.words()),
        Cell::time(last.map(|last| last.started_at)).note(took.unwrap_or_default()),
        outcome,
        Cell::time(Some(standing.due_at)),
        if is_running { Cell::none() } else { Cell::ask(run) },
        Cell::text(does),
        Cell::text(seconds.map(|seconds| format!("{seconds:.1}")).unwrap_or_default()),
        Cell::text(last.map(|last| last.told.as_str()).unwrap_or_default()),
    ]
}

#[post("/staff/schedules/<name>/run", data = "<_form>")]
pub async fn run(staff: Staff<'_>, db: &Database, name: &str, _form: CsrfForm) -> Outcome<Answer> {
    let schedule = schedules::named(name).ok_or_else(|| Failure::not_found("Schedule"))?;
    let (tone, text) = match schedules::hasten(db, &staff.can, schedule).await? {
        Hastened::Now => (
            "success",
            format!("{name} is due now. A worker runs it within half a minute."),
        ),
        Hastened::Underway => ("info", format!("{name} is due already or being run.")),
    };
    Ok(Answer::told(LIST, tone, text))
}
