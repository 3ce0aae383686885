//! Pages, as people use them.

mod announcements;
mod dev_github;
mod dev_mail;
mod errors;
mod event_log;
mod github_login;
mod home;
mod job_requests;
mod jobs;
mod lists;
mod live;
mod logs;
mod members;
mod people;
mod projects;
mod run_jobs;
mod settings;
mod settings_email;
mod settings_person;
mod settings_sessions;
mod status_history;
mod status_page;
mod uploads;
mod workspace_create;
mod workspaces;
