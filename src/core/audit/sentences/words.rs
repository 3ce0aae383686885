//! What kinds of events and fields are called: for a filter, a column, and within a sentence.

/// Kinds whose titles are not made of their words.
const TITLES: &[(&str, &str)] = &[
    ("org_github_org_added", "Organisation's GitHub organisation added"),
    ("org_github_org_removed", "Organisation's GitHub organisation removed"),
    ("org_member_updated_roles", "Organisation's member's roles changed"),
    ("project_member_updated_roles", "Project member's roles changed"),
    ("project_org_lead_changed", "Project's leading organisation changed"),
    ("redirect_expiry_changed", "Old address's last day changed"),
    ("repo_opening_asked", "Repository signed off by staff"),
    ("repo_signed_off", "Repository signed off by researchers"),
    ("schedule_hastened", "Schedule made due at once"),
    ("user_updated_roles", "User's global roles changed"),
    ("workspace_left", "Workspace moved away"),
];

/// Words of kinds that people write otherwise.
const WORDS: &[(&str, &str)] = &[
    ("copilot", "co-pilot"),
    ("email", "e-mail"),
    ("org", "organisation"),
    ("redirect", "old address"),
    ("repo", "repository"),
];

/// Fields whose words are not their names.
const FIELDS: &[(&str, &str)] = &[
    ("alert_after", "time until an alert"),
    ("application_url", "application"),
    ("copilot", "co-pilot"),
    ("copilot_notes", "notes about co-piloting"),
    ("copilot_support_ends_at", "last day of co-piloting"),
    ("ends_at", "end"),
    ("expires_at", "last day"),
    ("fullname", "full name"),
    ("email", "e-mail address"),
    ("github", "GitHub account"),
    ("github_orgs", "GitHub organisation"),
    ("internal_signed_off_by", "signed off for the staff by"),
    ("is_active", "is active"),
    ("is_archived", "is archived"),
    ("is_internal", "is internal"),
    ("is_not_copiloted", "is not co-piloted"),
    ("is_test", "is for tests"),
    ("level_4_addresses", "addresses at Level 4"),
    ("level_4_url", "address of Level 4"),
    ("logo_file", "logo's file"),
    ("login", "GitHub account"),
    ("notify", "notifications"),
    ("obeys_disable_creating_jobs", "obeys the switch for creating jobs"),
    ("old_token_until", "old token works until"),
    ("old_url", "old address"),
    ("orgs", "organisation"),
    ("output_checking_repo", "repository for output checking"),
    ("output_checking_github_org", "GitHub organisation for output checking"),
    ("researcher_signed_off_by", "signed off for the researchers by"),
    ("sha256", "hash"),
    ("signed_off_by", "signed off by"),
    ("slack_channel", "Slack channel"),
    ("starts_at", "beginning"),
    ("status_description", "description of the status"),
];

/// What a kind is called: `project_org_added` is `Project organisation added`.
pub fn title(kind: &str) -> String {
    if let Some((_, title)) = TITLES.iter().find(|(known, _)| *known == kind) {
        return (*title).to_owned();
    }
    let words = kind.split('_').map(|word| {
        let other = WORDS.iter().find(|(known, _)| *known == word);
        other.map_or(word, |(_, other)| *other)
    });
    let title = words.collect::<Vec<_>>().join(" ");
    let mut letters = title.chars();
    letters
        .next()
        .map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// What a field is called within a sentence.
pub fn field_words(field: &str) -> String {
    let known = FIELDS.iter().find(|(known, _)| *known == field);
    known.map_or_else(|| field.replace('_', " "), |(_, words)| (*words).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::audit::sentence;

    #[test]
    fn kinds_and_fields_are_called_as_people_call_them() {
        assert_eq!(title("project_org_added"), "Project organisation added");
        assert_eq!(title("user_email_change_requested"), "User e-mail change requested");
        assert_eq!(
            title("org_github_org_added"),
            "Organisation's GitHub organisation added"
        );
        assert_eq!(title("project_painted"), "Project painted");
        assert_eq!(title(""), "");
        assert_eq!(field_words("copilot_support_ends_at"), "last day of co-piloting");
        assert_eq!(field_words("old_url"), "old address");
        assert_eq!(field_words("parent_directory"), "parent directory");
    }

    #[test]
    fn titles_are_of_kinds_that_there_are() {
        for (kind, _) in TITLES {
            assert!(sentence(kind).is_some(), "{kind}");
        }
    }
}
