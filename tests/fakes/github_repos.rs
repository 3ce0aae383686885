//! Repositories as the fake GitHub makes and shows them.

use serde_json::{Value, json};

use super::github::{Repo, State, not_found, texts};
use super::server::Answer;

pub(super) fn described(name: &str, repo: &Repo) -> Value {
    json!({
        "name": name.split('/').next_back(),
        "full_name": name,
        "private": false,
        "html_url": format!("https://github.example/{name}"),
        "topics": repo.topics,
        "created_at": "2026-11-29T09:30:00Z",
    })
}

/// `POST /orgs/{org}/repos`
pub(super) fn make(state: &mut State, org: &str, body: &Value) -> Answer {
    let Some(name) = body["name"].as_str().filter(|name| !name.is_empty()) else {
        return refused("name can't be blank");
    };
    if !state.orgs.contains_key(org) {
        return not_found();
    }
    let name = format!("{org}/{name}");
    if state.repos.contains_key(&name) {
        return refused("name already exists on this account");
    }
    state.renamed.remove(&name);
    let repo = Repo::default();
    let answer = Answer::json(201, &described(&name, &repo));
    state.repos.insert(name, repo);
    answer
}

/// `PUT /repos/{owner}/{name}/topics`
pub(super) fn set_topics(state: &mut State, name: &str, body: &Value) -> Answer {
    let topics = texts(&body["names"]);
    let answer = Answer::json(200, &json!({ "names": topics }));
    if let Some(repo) = state.repos.get_mut(name) {
        repo.topics = topics;
    }
    answer
}

/// `PUT /orgs/{org}/teams/{team}/repos/{owner}/{name}`
pub(super) fn share(state: &mut State, (org, team): (&str, &str), name: &str, body: &Value) -> Answer {
    let has_team = state.orgs.get(org).is_some_and(|teams| teams.contains(team));
    match (has_team, state.repos.get_mut(name)) {
        (true, Some(repo)) => {
            let may = body["permission"].as_str().unwrap_or("push");
            repo.teams.insert(team.to_owned(), may.to_owned());
            Answer::text(204, "")
        }
        _ => not_found(),
    }
}

fn refused(message: &str) -> Answer {
    let fault = json!({ "resource": "Repository", "code": "custom", "field": "name", "message": message });
    Answer::json(
        422,
        &json!({ "message": "Repository creation failed.", "errors": [fault] }),
    )
}
