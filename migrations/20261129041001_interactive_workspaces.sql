-- Which workspaces are a project's interactive ones, where analyses run that are asked for on the site. Their names follow
-- from the project's slug when they are made; the slug may change later, so it is not looked for by name.

CREATE TABLE interactive_workspace (
    workspace_id  int CONSTRAINT interactive_workspace_pk PRIMARY KEY
                  CONSTRAINT interactive_workspace_workspace_fk REFERENCES workspace ON DELETE CASCADE,
    -- When GitHub had its repository, with the topic and for the team. NULL while that is on its way or has failed,
    -- which the message interactive_repo says.
    repo_ready_at timestamptz
);

-- What there was before was made with its repository.
INSERT INTO interactive_workspace (workspace_id, repo_ready_at)
SELECT w.id, coalesce(w.created_at, now())
  FROM workspace w JOIN project p ON p.id = w.project_id AND w.name = p.slug || '-interactive';
