//! Jobs, messages, alerts, and the running of the service.

pub(super) const SENTENCES: &[super::Sentence] = &[
    ("job_cancelled", "cancelled a job of the job request {target}"),
    ("job_request_cancelled", "cancelled the job request {target}"),
    ("job_request_created", "asked for jobs, as the job request {target}"),
    ("message_dropped", "discarded the message {target}"),
    ("message_retried", "had the message {target} tried again"),
    ("site_alert_created", "put up the site alert {target}"),
    (
        "repo_opening_asked",
        "signed off the repository {target} for the staff, and asked for it to be made public",
    ),
    (
        "released_files_removed",
        "had released files taken away from {old}, as they are whole in {new}",
    ),
    (
        "released_orphans_removed",
        "had contents that belong to no released file taken away from the storage",
    ),
    ("schedule_run", "ran the schedule {new}"),
    ("schedule_hastened", "had the schedule {new} run at once"),
    ("site_alert_deleted", "took down the site alert {target}"),
    ("site_alert_updated", "changed the site alert {target}"),
];
