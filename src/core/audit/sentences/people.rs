//! People, what they are trusted with, and how they sign in.

pub(super) const SENTENCES: &[super::Sentence] = &[
    ("identity_linked", "linked the GitHub account {new} to {user}"),
    ("identity_renamed", "came back from GitHub as {new}, formerly {old}"),
    ("invitation_used", "used the invitation for the GitHub account {new}"),
    ("login_link_created", "made a sign-in link for {user}"),
    ("login_token_burnt", "used up the login token of {user} by wrong tries"),
    ("login_token_made", "made a login token"),
    ("login_token_used", "signed in with a login token at {new}"),
    ("org_member_added", "added {user} to the organisation {target}"),
    ("org_member_removed", "removed {user} from the organisation {target}"),
    (
        "org_member_updated_roles",
        "changed what {user} may do in the organisation {target}",
    ),
    ("personal_token_created", "made a personal access token for {user}"),
    ("personal_token_revoked", "revoked a personal access token of {user}"),
    ("sessions_cleared", "cleared sessions that had ended"),
    ("sessions_ended", "ended sessions of {user}"),
    ("sign_in_refused", "was refused: {user} could not sign in"),
    ("test_mail_sent", "sent a test mail"),
    ("user_activated", "let {user} sign in again"),
    ("user_created", "created the user {user}"),
    ("user_deactivated", "deactivated {user}"),
    (
        "user_email_change_cancelled",
        "called off a change of the e-mail address of {user}",
    ),
    (
        "user_email_change_requested",
        "asked for another e-mail address of {user}",
    ),
    (
        "user_invitation_revoked",
        "revoked the invitation of {user} for a GitHub account",
    ),
    ("user_invited", "invited a GitHub account to be {user}"),
    ("user_notifications_changed", "changed when {user} is notified"),
    ("user_signed_in", "signed in"),
    ("user_signed_out", "signed out"),
    ("user_updated", "changed the {field} of {user}"),
    (
        "user_updated_roles",
        "changed the global roles of {user}, from {old} to {new}",
    ),
];
