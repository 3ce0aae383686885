//! All repositories of an organisation with their branches, over GraphQL: one call for each 100
//! repositories instead of several for each.

use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::super::limits::first_sorted;
use super::answers::{Connection, GraphQl, GraphQlError, Named, OrgRepository, OrganisationData, RepositoryData};
use super::transport::{Failure, Transport};
use crate::core::ids::{RepoUrl, is_owner};
use crate::core::ports::{
    CodeHostError, MAX_BRANCHES, MAX_LISTED, MAX_REPOSITORIES, NON_RESEARCH_TOPIC, RepoTopics, Repository,
};

const PER_PAGE: usize = 100;

const REPOSITORIES: &str = "
query ($org: String!, $cursor: String) {
  organization(login: $org) {
    repositories(first: 100, after: $cursor, orderBy: {field: NAME, direction: ASC}) {
      nodes {
        url
        isPrivate
        createdAt
        refs(refPrefix: \"refs/heads/\", first: 100) {
          nodes { name }
          pageInfo { hasNextPage endCursor }
        }
        repositoryTopics(first: 100) { nodes { topic { name } } }
      }
      pageInfo { hasNextPage endCursor }
    }
  }
}";

const TOPICS: &str = "
query ($org: String!, $cursor: String) {
  organization(login: $org) {
    repositories(first: 100, after: $cursor, orderBy: {field: NAME, direction: ASC}) {
      nodes {
        url
        isPrivate
        repositoryTopics(first: 100) { nodes { topic { name } } }
      }
      pageInfo { hasNextPage endCursor }
    }
  }
}";

const BRANCHES: &str = "
query ($owner: String!, $name: String!, $cursor: String) {
  repository(owner: $owner, name: $name) {
    refs(refPrefix: \"refs/heads/\", first: 100, after: $cursor) {
      nodes { name }
      pageInfo { hasNextPage endCursor }
    }
  }
}";

/// See [`crate::core::ports::CodeHost::repositories`].
pub(super) async fn repositories(transport: &Transport, org: &str) -> Result<Vec<Repository>, CodeHostError> {
    let not_found = || CodeHostError::OrgNotFound { org: org.to_owned() };
    if !is_owner(org) {
        return Err(not_found());
    }
    let mut found = Vec::new();
    let mut cursor = None;
    for page in 1..=MAX_REPOSITORIES / PER_PAGE {
        let variables = json!({ "org": org, "cursor": cursor });
        let data: Option<OrganisationData> = query(transport, REPOSITORIES, variables).await?;
        let Some(organisation) = data.and_then(|data| data.organization) else {
            return Err(not_found());
        };
        cursor = organisation.repositories.next();
        for node in organisation.repositories.nodes.into_iter().flatten() {
            if let Some(repository) = repository(transport, node).await? {
                found.push(repository);
            }
        }
        if cursor.is_none() {
            break;
        }
        if page == MAX_REPOSITORIES / PER_PAGE {
            tracing::warn!(org, limit = MAX_REPOSITORIES, "more repositories than are read");
        }
    }
    found.sort_by_cached_key(|repository| repository.name.to_lowercase());
    found.truncate(MAX_REPOSITORIES);
    Ok(found)
}

/// See [`crate::core::ports::CodeHost::topics`].
pub(super) async fn topics(transport: &Transport, org: &str) -> Result<Vec<RepoTopics>, CodeHostError> {
    let not_found = || CodeHostError::OrgNotFound { org: org.to_owned() };
    if !is_owner(org) {
        return Err(not_found());
    }
    let mut found = Vec::new();
    let mut cursor = None;
    for _ in 0..MAX_LISTED / PER_PAGE {
        let variables = json!({ "org": org, "cursor": cursor });
        let data: Option<OrganisationData> = query(transport, TOPICS, variables).await?;
        let Some(organisation) = data.and_then(|data| data.organization) else {
            return Err(not_found());
        };
        let page = organisation.repositories;
        cursor = page.next();
        if cursor.is_none() && !page.is_last() {
            let odd = "a page that says neither that it is the last nor what follows";
            return Err(CodeHostError::unavailable(odd));
        }
        for node in page.nodes.into_iter().flatten() {
            let topics = node.topics();
            match node.url.parse() {
                Ok(url) => found.push(RepoTopics { url, topics }),
                Err(_) => tracing::warn!(url = node.url, "left out a repository with an unexpected address"),
            }
        }
        if cursor.is_none() {
            return Ok(found);
        }
    }
    Err(CodeHostError::unavailable(format!(
        "{org} has more than {MAX_LISTED} repositories"
    )))
}

/// `None` for a repository that is not offered.
async fn repository(transport: &Transport, node: OrgRepository) -> Result<Option<Repository>, CodeHostError> {
    let topics = node.topics();
    if topics.iter().any(|topic| topic == NON_RESEARCH_TOPIC) {
        return Ok(None);
    }
    let Ok(url) = node.url.parse::<RepoUrl>() else {
        tracing::warn!(url = node.url, "left out a repository with an unexpected address");
        return Ok(None);
    };
    Ok(Some(Repository {
        name: url.name().to_owned(),
        private: node.is_private,
        topics,
        created_at: node.created_at,
        branches: branches(transport, &url, node.refs).await?,
        url,
    }))
}

/// All branches, given their first page.
async fn branches(
    transport: &Transport,
    url: &RepoUrl,
    first: Option<Connection<Named>>,
) -> Result<Vec<String>, CodeHostError> {
    let mut names = Vec::new();
    let mut page = first;
    for _ in 0..MAX_BRANCHES / PER_PAGE {
        let Some(connection) = page else { break };
        let cursor = connection.next();
        names.extend(connection.nodes.into_iter().flatten().map(|branch| branch.name));
        if cursor.is_none() || names.len() >= MAX_BRANCHES {
            break;
        }
        let variables = json!({ "owner": url.owner(), "name": url.name(), "cursor": cursor });
        let data: Option<RepositoryData> = query(transport, BRANCHES, variables).await?;
        page = data
            .and_then(|data| data.repository)
            .and_then(|repository| repository.refs);
    }
    Ok(first_sorted(names, MAX_BRANCHES))
}

/// `None` when what was asked for does not exist.
async fn query<T: DeserializeOwned>(
    transport: &Transport,
    query: &str,
    variables: Value,
) -> Result<Option<T>, CodeHostError> {
    let body = json!({ "query": query, "variables": variables });
    let page = transport
        .post_json::<GraphQl<T>>(transport.url(&["graphql"]), &body)
        .await
        .map_err(Failure::into_host_error)?;
    let GraphQl { data, errors } = page.value;
    if errors.is_empty() {
        let no_data = || CodeHostError::unavailable("a GraphQL answer without data");
        return data.ok_or_else(no_data).map(Some);
    }
    // A partial answer is not used: the list would silently lack repositories.
    let any = |kinds: &[&str]| errors.iter().any(|error| kinds.contains(&error.kind.as_str()));
    if any(&["RATE_LIMITED"]) {
        Err(CodeHostError::RateLimited { reset: page.reset })
    } else if any(&["FORBIDDEN", "INSUFFICIENT_SCOPES"]) {
        Err(CodeHostError::Unauthorised)
    } else if errors.iter().all(|error| error.kind == "NOT_FOUND") {
        Ok(None)
    } else {
        Err(CodeHostError::unavailable(described(&errors)))
    }
}

fn described(errors: &[GraphQlError]) -> String {
    let texts = errors.iter().take(3).map(|error| {
        let message: String = error.message.chars().take(200).collect();
        format!("{} {message:?}", error.kind)
    });
    format!("GraphQL errors: {}", texts.collect::<Vec<_>>().join(", "))
}
