//! The executable's commands. This is where the other rooms are put together: settings are loaded,
//! the database and the services behind their ports are made, and handed to `web` or to `core`.

mod accounts;
mod audit;
mod backend;
pub mod check;
mod couriers;
mod demo;
mod files;
mod jobs;
mod keys;
mod login_link;
mod outbox;
mod outfit;
mod rap;
mod release;
mod roles;
mod secret;
mod serve;
mod sessions;
mod site_alert;
mod test_email;
mod tokens;
mod upkeep;
mod workspace;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::config;
use crate::core::access::Operator;
use crate::core::audit::By;
use crate::core::error::{Error, whole_seconds};

/// Runs code in secure environments for researchers, and releases what comes out.
///
/// Settings come from the environment and, in development, from a file `.env`; `jobserver check`
/// shows each of them.
#[derive(Debug, Parser)]
#[command(name = "jobserver", version, propagate_version = true, arg_required_else_help = true)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve the site and the API.
    Serve(serve::Serve),
    /// Do what is due outside of requests, until stopped.
    Worker(serve::RunWorker),
    /// Bring the database's schema up to date. Safe to run twice, and by two at once.
    Migrate,
    /// Show every setting and where it comes from, and try the database.
    Check,
    /// Make a link that signs somebody in once, within the hour.
    #[command(name = "login-link", alias = "login_link")]
    LoginLink(login_link::LoginLink),
    /// Make a backend or change one, and print its token on the last line.
    #[command(name = "create_backend", alias = "create-backend")]
    CreateBackend(backend::CreateBackend),
    /// Make a user, or change one and add global roles.
    #[command(name = "create_user", alias = "create-user")]
    CreateUser(accounts::CreateUser),
    /// Give the administrators' roles to the users that ADMIN_USERS names; takes none away.
    #[command(name = "ensure_admins", alias = "ensure-admins")]
    EnsureAdmins(accounts::EnsureAdmins),
    /// Keep a GitHub login for a user who has none: its first login will be theirs.
    Invite(accounts::Invite),
    /// Keep no GitHub login for a user any more.
    #[command(name = "revoke_invitations", alias = "revoke-invitations")]
    RevokeInvitations(accounts::RevokeInvitations),
    /// List the roles: what each is for, permits, and where it is granted.
    Roles,
    /// Give somebody a role, everywhere or in a project.
    #[command(name = "grant_role", alias = "grant-role")]
    GrantRole(roles::GrantRole),
    /// Take a role away from somebody, everywhere or in a project.
    #[command(name = "remove_role", alias = "remove-role")]
    RemoveRole(roles::RemoveRole),
    /// Make a user without a person, and print the token with which it reads releases.
    #[command(name = "create_bot", alias = "create-bot")]
    CreateBot(tokens::CreateBot),
    /// List personal tokens: until when they work, when they were last used, who made them.
    #[command(name = "personal_tokens", alias = "personal-tokens")]
    PersonalTokens(tokens::ListTokens),
    /// Make a further personal token for a user, and print it.
    #[command(name = "personal_token_create", alias = "personal-token-create")]
    PersonalTokenCreate(tokens::CreateToken),
    /// Put an end to a personal token, at once.
    #[command(name = "personal_token_revoke", alias = "personal-token-revoke")]
    PersonalTokenRevoke(tokens::RevokeToken),
    /// Make a workspace, with its project and repository, and let a user run jobs in it.
    #[command(name = "create_workspace", alias = "create-workspace")]
    CreateWorkspace(workspace::CreateWorkspace),
    /// Ask for jobs without a browser, in somebody's name.
    #[command(name = "create_rap", alias = "create-rap")]
    CreateRap(rap::CreateRap),
    /// Release all files of a folder, for trying things out.
    Release(release::Release),
    /// Ask for the newest versions of released files to be published, in somebody's name.
    #[command(name = "publish_files", alias = "publish-files")]
    PublishFiles(release::PublishFiles),
    /// Make up contents for released files that have none, in a copy whose database came from elsewhere.
    #[command(name = "inflate_release_files", alias = "inflate-release-files")]
    InflateReleaseFiles(release::InflateReleaseFiles),
    /// Withdraw what is published, in somebody's name.
    #[command(name = "unpublish_snapshot", alias = "unpublish-snapshot")]
    UnpublishSnapshot(release::UnpublishSnapshot),
    /// Take files out of a snapshot that is not published.
    #[command(
        name = "remove_files_from_publish_request",
        alias = "remove-files-from-publish-request"
    )]
    RemoveFilesFromPublishRequest(release::RemoveFilesFromPublishRequest),
    /// Look after the storage of released files.
    Files(files::Files),
    /// Look after the record of who changed what.
    Audit(audit::Audit),
    /// Print how many rows each table has.
    #[command(name = "count_rows", alias = "count-rows")]
    CountRows,
    /// Send a mail the way the settings say, and tell what came of it.
    #[command(name = "sendtestemail", alias = "send-test-email")]
    SendTestEmail(test_email::SendTestEmail),
    /// Delete sessions that are over, and what else of signing in works no longer.
    #[command(name = "clearsessions", alias = "clear-sessions")]
    ClearSessions(jobs::ClearSessions),
    /// End everybody's sessions, or one user's, at once.
    #[command(name = "end_sessions", alias = "end-sessions")]
    EndSessions(sessions::EndSessions),
    /// Shut a user's account: nobody can sign in as them, and their sessions end.
    #[command(name = "deactivate_user", alias = "deactivate-user")]
    DeactivateUser(sessions::DeactivateUser),
    /// Open a user's account again.
    #[command(name = "activate_user", alias = "activate-user")]
    ActivateUser(sessions::ActivateUser),
    /// Show what is due by the clock: when, when next, and what became of it last.
    Jobs,
    /// Run one of the schedules now, whether it is due or not.
    Job(jobs::Job),
    /// Run the schedules of a period that were not run in it yet, for the platform's cron.
    #[command(name = "runjobs", alias = "run-jobs")]
    RunJobs(jobs::RunJobs),
    /// Data to try things out with, and a backend that plays along.
    Demo(demo::Demo),
    /// See what leaves the house, and deal with what does not.
    Outbox(outbox::Outbox),
    /// Tell everybody signed in something on every page, and stop telling it.
    #[command(name = "site_alert", alias = "site-alert")]
    SiteAlert(site_alert::SiteAlertCommand),
    /// Seal anew what was sealed with OLD_SECRET_KEY, so that it can be unset.
    Reseal(keys::Reseal),
    /// Print a random value for SECRET_KEY.
    #[command(name = "generate_secret_key", alias = "generate-secret-key")]
    GenerateSecretKey,
}

/// Who the record names as having run a command.
#[derive(Debug, clap::Args)]
pub struct ByOption {
    /// Who runs this, for the audit record [default: the operating system's user].
    #[arg(long, value_name = "NAME", value_parser = whoever)]
    by: Option<String>,
}

/// Most characters of an operator's name in the record; as many as people's names may have.
const LONGEST_OPERATOR: usize = 150;

fn whoever(name: &str) -> Result<String, String> {
    let name = name.trim();
    if name.is_empty() || name.chars().count() > LONGEST_OPERATOR {
        return Err(format!("give a name of 1 to {LONGEST_OPERATOR} characters"));
    }
    Ok(name.to_owned())
}

impl ByOption {
    fn by(&self) -> By {
        By::from(&self.operator())
    }

    fn operator(&self) -> Operator {
        let name = self
            .by
            .clone()
            .or_else(|| by_environment(|name| std::env::var(name).ok()));
        Operator::at_the_command_line(name.unwrap_or_else(by_system))
    }
}

/// Whom the environment names; containers and schedules often name nobody.
fn by_environment(variable: impl Fn(&str) -> Option<String>) -> Option<String> {
    ["USER", "LOGNAME"]
        .iter()
        .filter_map(|name| variable(name))
        .find_map(|name| whoever(&name).ok())
}

/// Whom the operating system takes this process for. A number may have no name there.
fn by_system() -> String {
    let uid = nix::unistd::Uid::effective();
    let user = nix::unistd::User::from_uid(uid).ok().flatten();
    user.and_then(|user| whoever(&user.name).ok())
        .unwrap_or_else(|| format!("uid {uid}"))
}

/// Why a command failed, for whoever ran it.
#[derive(Debug, thiserror::Error)]
pub enum CommandError {
    #[error(transparent)]
    Settings(#[from] config::SettingsError),
    #[error("{0}")]
    Said(String),
}

impl From<Error> for CommandError {
    fn from(error: Error) -> Self {
        CommandError::Said(match error {
            Error::NotFound(what) => format!("There is no such {}.", what.to_lowercase()),
            Error::NotAllowed(why) => why.into_owned(),
            Error::Conflict(what) => what,
            Error::TooMany { what, retry_after } => {
                format!(
                    "There were too many attempts {what}; wait {} seconds.",
                    whole_seconds(retry_after)
                )
            }
            Error::Invalid(errors) => errors.iter().map(|(_, message)| message).collect::<Vec<_>>().join("\n"),
            Error::Unavailable(cause) => {
                format!(
                    "The database does not answer: {cause}\nCheck DATABASE_URL and that the server runs; `jobserver check` tells more."
                )
            }
            Error::Full(cause) => format!("The storage is full: {cause}"),
            Error::Damaged(what) => what.to_owned(),
            Error::Internal(cause) => format!("Something went wrong: {cause}"),
        })
    }
}

/// Runs a command and gives the process's exit code.
pub fn run(cli: Cli) -> ExitCode {
    // Before the first TLS connection: the libraries are built without a provider of their own.
    if rustls::crypto::ring::default_provider().install_default().is_err() {
        eprintln!("Cannot install the TLS provider.");
        return ExitCode::FAILURE;
    }
    let result = match cli.command {
        Command::Serve(serve) => serve.run(),
        Command::Worker(worker) => worker.run(),
        Command::Migrate => outfit::block_on(outfit::migrate()),
        Command::Check => return outfit::check(),
        Command::LoginLink(command) => outfit::block_on(command.run()),
        Command::CreateBackend(command) => outfit::block_on(command.run()),
        Command::CreateUser(command) => outfit::block_on(command.run()),
        Command::EnsureAdmins(command) => outfit::block_on(command.run()),
        Command::Invite(command) => outfit::block_on(command.run()),
        Command::RevokeInvitations(command) => outfit::block_on(command.run()),
        Command::Roles => roles::list(),
        Command::GrantRole(command) => outfit::block_on(command.run()),
        Command::RemoveRole(command) => outfit::block_on(command.run()),
        Command::CreateBot(command) => outfit::block_on(command.run()),
        Command::PersonalTokens(command) => outfit::block_on(command.run()),
        Command::PersonalTokenCreate(command) => outfit::block_on(command.run()),
        Command::PersonalTokenRevoke(command) => outfit::block_on(command.run()),
        Command::CreateWorkspace(command) => outfit::block_on(command.run()),
        Command::CreateRap(command) => outfit::block_on(command.run()),
        Command::Release(command) => outfit::block_on(command.run()),
        Command::PublishFiles(command) => outfit::block_on(command.run()),
        Command::InflateReleaseFiles(command) => outfit::block_on(command.run()),
        Command::UnpublishSnapshot(command) => outfit::block_on(command.run()),
        Command::RemoveFilesFromPublishRequest(command) => outfit::block_on(command.run()),
        Command::Files(command) => outfit::block_on(command.run()),
        Command::Audit(command) => outfit::block_on(command.run()),
        Command::CountRows => outfit::block_on(upkeep::count_rows()),
        Command::SendTestEmail(command) => outfit::block_on(command.run()),
        Command::ClearSessions(command) => command.run(),
        Command::EndSessions(command) => outfit::block_on(command.run()),
        Command::DeactivateUser(command) => outfit::block_on(command.run()),
        Command::ActivateUser(command) => outfit::block_on(command.run()),
        Command::Reseal(command) => outfit::block_on(command.run()),
        Command::Jobs => outfit::block_on(jobs::list()),
        Command::Job(command) => command.run(),
        Command::RunJobs(command) => command.run(),
        Command::Demo(command) => outfit::block_on(command.run()),
        Command::Outbox(command) => outfit::block_on(command.run()),
        Command::SiteAlert(command) => outfit::block_on(command.run()),
        Command::GenerateSecretKey => secret::generate(),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}
