//! Pages, as people use them.

mod design;
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
mod people;
mod projects;
mod run_jobs;
mod settings;
mod settings_email;
mod settings_person;
mod settings_sessions;
mod status_page;
mod workspace_create;
mod workspaces;
