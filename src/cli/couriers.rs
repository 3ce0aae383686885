//! What carries messages out of the house, by the settings.

use std::sync::Arc;

use super::CommandError;
use super::outfit::{bad_github, github_settings, http_client, local_git};
use crate::adapters::github::{GitHubIssues, GitHubRepos, GitHubSettings};
use crate::adapters::mail::{KeptMails, Mailgun, MailgunSettings, PrintedMail, Smtp};
use crate::adapters::no_issues::NoIssues;
use crate::adapters::no_repos::NoRepos;
use crate::adapters::printed_issues::PrintedIssues;
use crate::adapters::printed_repos::PrintedRepos;
use crate::adapters::printing::Printer;
use crate::adapters::slack::{PrintedChat, Slack};
use crate::config::{MailBackend, Profile, Settings};
use crate::core::ports::{Chat, Couriers, IssueTracker, Mailer, RepoMaker};

/// What carries messages out of the house. With `DEBUG` chat and issues are printed whatever tokens there
/// are, without it only where there is no token; in production issues without a token wait. So it is with repositories,
/// but where there is a folder of them they are made in it rather than printed. Must be called within a Tokio runtime.
pub fn couriers(settings: &Settings) -> Result<Couriers, CommandError> {
    let client = http_client()?;
    let printer = || match settings.profile {
        Profile::Development => Printer::stdout(),
        Profile::Production => Printer::log(),
    };
    let mail: Arc<dyn Mailer> = match &settings.mail.backend {
        MailBackend::Console => Arc::new(PrintedMail(printer())),
        MailBackend::File { folder } => Arc::new(KeptMails::new(folder)),
        MailBackend::Smtp { url } => Arc::new(
            Smtp::new(url, settings.mail.timeout)
                .map_err(|error| CommandError::Said(format!("Cannot use SMTP_URL: {error}")))?,
        ),
        MailBackend::Mailgun {
            api_url,
            api_key,
            sender_domain,
        } => Arc::new(Mailgun::new(
            client.clone(),
            MailgunSettings {
                api: api_url.clone(),
                key: api_key.clone(),
                domain: sender_domain.clone(),
                timeout: settings.mail.timeout,
                test_mode: false,
            },
        )),
    };
    let slack = &settings.slack;
    let chat: Arc<dyn Chat> = match &slack.token {
        Some(token) if !settings.web.debug => {
            Arc::new(Slack::new(client.clone(), &slack.api_url, token.clone(), slack.timeout))
        }
        _ => Arc::new(PrintedChat(printer())),
    };
    let issues: Arc<dyn IssueTracker> = match at_github(settings) {
        AtGitHub::Done => {
            let wanted = patient_github(settings);
            Arc::new(GitHubIssues::new(client.clone(), wanted).map_err(|error| bad_github(&error))?)
        }
        AtGitHub::Waits => Arc::new(NoIssues),
        AtGitHub::Shown => Arc::new(PrintedIssues(printer())),
    };
    let repos: Arc<dyn RepoMaker> = match (at_github(settings), &settings.github.local_git_repos) {
        (AtGitHub::Done, _) => {
            let wanted = patient_github(settings);
            Arc::new(GitHubRepos::new(client, wanted).map_err(|error| bad_github(&error))?)
        }
        (AtGitHub::Waits, _) => Arc::new(NoRepos),
        (AtGitHub::Shown, Some(folder)) => Arc::new(local_git(folder)?),
        (AtGitHub::Shown, None) => Arc::new(PrintedRepos(printer())),
    };
    Ok(Couriers {
        mail,
        chat,
        issues,
        repos,
    })
}

/// What becomes of what is to be done at GitHub.
enum AtGitHub {
    Done,
    Waits,
    Shown,
}

fn at_github(settings: &Settings) -> AtGitHub {
    match (settings.web.debug, settings.github.token.is_some(), settings.profile) {
        (false, true, _) => AtGitHub::Done,
        (false, false, Profile::Production) => AtGitHub::Waits,
        _ => AtGitHub::Shown,
    }
}

/// The worker can wait longer than a page.
fn patient_github(settings: &Settings) -> GitHubSettings {
    GitHubSettings {
        call_timeout: settings.github.timeout,
        ..github_settings(settings)
    }
}

#[cfg(test)]
mod tests {
    use super::super::outfit::{code_host, codelist_checker};
    use super::*;
    use crate::config;

    fn made(pairs: &[(&str, &str)]) -> String {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let inputs = config::Inputs::of_pairs(pairs.iter().copied());
        let settings = config::load_from(&inputs).unwrap().settings;
        let couriers = couriers(&settings).unwrap();
        let codelists = codelist_checker(&settings).unwrap();
        format!("{couriers:?} {codelists:?}")
    }

    #[tokio::test]
    async fn without_tokens_everything_stays_in_the_house() {
        let made = made(&[]);
        for local in [
            "KeptMails",
            "PrintedChat",
            "PrintedIssues",
            "PrintedRepos",
            "CodelistsTakenAsTheyAre",
        ] {
            assert!(made.contains(local), "{made}");
        }
    }

    #[tokio::test]
    async fn a_folder_of_repositories_gets_new_ones_and_no_printer() {
        let folder = [("LOCAL_GIT_REPOS", ".local/repos")];
        assert!(made(&folder).contains("LocalGit"));
        let with_token = made(&[&TOKENS[..], &folder].concat());
        assert!(
            with_token.contains("GitHubRepos") && !with_token.contains("LocalGit"),
            "{with_token}"
        );
        let with_debug = made(&[&TOKENS[..], &folder, &[("DEBUG", "true")]].concat());
        assert!(
            with_debug.contains("LocalGit") && !with_debug.contains("GitHubRepos"),
            "{with_debug}"
        );
    }

    const TOKENS: [(&str, &str); 5] = [
        ("EMAIL_BACKEND", "mailgun"),
        ("MAILGUN_API_KEY", "hunter2"),
        ("SLACK_BOT_TOKEN", "hunter2"),
        ("JOBSERVER_GITHUB_TOKEN", "hunter2"),
        ("OPENCODELISTS_URL", "https://lists.example.org"),
    ];

    #[tokio::test]
    async fn with_tokens_each_goes_its_way_and_shows_none() {
        let made = made(&TOKENS);
        for place in [
            "https://api.eu.mailgun.net/v3/mg.jobs.opensafely.org/messages",
            "https://slack.com/api/chat.postMessage",
            "https://api.github.com",
            "https://lists.example.org/api/v1/check/",
        ] {
            assert!(made.contains(place), "{made}");
        }
        assert!(!made.contains("hunter2"), "{made}");
    }

    #[tokio::test]
    async fn with_debug_chat_and_issues_are_printed_whatever_tokens_there_are() {
        let made = made(&[&TOKENS[..], &[("DEBUG", "true")]].concat());
        assert!(made.contains("PrintedChat") && made.contains("PrintedIssues"), "{made}");
        assert!(made.contains("PrintedRepos") && made.contains("Mailgun"), "{made}");
    }

    #[tokio::test]
    async fn in_production_issues_without_a_token_wait() {
        let made = made(&[
            ("ROCKET_PROFILE", "release"),
            ("SECRET_KEY", "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMN"),
            ("DATABASE_URL", "postgres://localhost/jobserver"),
            ("BASE_URL", "https://jobs.example.org"),
            ("SOCIAL_AUTH_GITHUB_KEY", "k"),
            ("SOCIAL_AUTH_GITHUB_SECRET", "s"),
            ("EMAIL_BACKEND", "console"),
            ("RELEASE_STORAGE", "/storage/releases"),
            ("MEDIA_STORAGE", "/storage/uploads"),
            ("JOBSERVER_GITHUB_TOKEN", ""),
            ("SLACK_BOT_TOKEN", ""),
            ("RAP_API_BASE_URL", ""),
            ("SENTRY_DSN", ""),
            ("OTEL_EXPORTER_OTLP_ENDPOINT", ""),
        ]);
        assert!(made.contains("NoIssues") && made.contains("PrintedChat"), "{made}");
        assert!(made.contains("NoRepos"), "{made}");
    }

    #[tokio::test]
    async fn every_service_is_told_the_same_name_whatever_the_site_is_called() {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let server = wiremock::MockServer::start().await;
        let uri = server.uri();
        let inputs = config::Inputs::of_pairs([
            ("SITE_NAME", "Übungsplatz\u{2728}"),
            ("JOBSERVER_GITHUB_TOKEN", "t"),
            ("GITHUB_API_URL", &uri),
            ("OPENCODELISTS_URL", &uri),
            ("SLACK_BOT_TOKEN", "t"),
            ("SLACK_API_URL", &uri),
        ]);
        let settings = config::load_from(&inputs).unwrap().settings;
        let couriers = couriers(&settings).unwrap();
        let post = crate::core::ports::ChatPost {
            key: String::new(),
            channel: "c".to_owned(),
            text: "t".to_owned(),
        };
        // Whatever they make of the answer.
        let _ = couriers.issues.labels("o/r").await;
        let _ = couriers.chat.post(&post).await;
        let _ = codelist_checker(&settings).unwrap().check("", "{}").await;
        let repo = "https://github.com/o/r".parse().unwrap();
        let _ = code_host(&settings).unwrap().facts(&repo).await;
        let asked = server.received_requests().await.unwrap();
        assert_eq!(asked.len(), 4, "{asked:?}");
        for request in asked {
            let names: Vec<_> = request.headers.get_all("user-agent").iter().collect();
            assert_eq!(names, ["OpenSAFELY Jobs"], "{}", request.url);
        }
    }

    #[tokio::test]
    async fn a_mail_server_is_one_too() {
        let made = made(&[
            ("EMAIL_BACKEND", "smtp"),
            ("SMTP_URL", "smtps://u:hunter2@mail.example.org"),
        ]);
        assert!(made.contains("mail.example.org") && made.contains("465"), "{made}");
        assert!(!made.contains("hunter2"), "{made}");
    }
}
