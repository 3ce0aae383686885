//! The demonstration's three studies as git repositories: real ones, to be committed to.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use crate::cli::CommandError;

/// One study: where it lives on GitHub and what is in it.
pub struct Study {
    pub owner: &'static str,
    pub name: &'static str,
    pub project_yaml: &'static str,
    files: &'static [(&'static str, &'static str)],
    readme: &'static str,
    /// Whether only some people may see it; the others are public.
    is_private: bool,
    /// Branches beside `main`, at its first commit.
    branches: &'static [&'static str],
}

pub const STUDIES: [Study; 3] = [
    Study {
        owner: "opensafely",
        name: "demo-vaccine-uptake",
        project_yaml: include_str!("studies/vaccine_uptake/project.yaml"),
        files: &[
            (
                "analysis/dataset_definition.py",
                include_str!("studies/vaccine_uptake/dataset_definition.py"),
            ),
            ("analysis/uptake.py", include_str!("studies/vaccine_uptake/uptake.py")),
        ],
        readme: "# Influenza vaccine uptake\n\nA demonstration study: nothing here runs on real data.\n",
        is_private: false,
        branches: &["sensitivity"],
    },
    Study {
        owner: "opensafely",
        name: "demo-long-covid",
        project_yaml: include_str!("studies/long_covid/project.yaml"),
        files: &[("analysis/cases.py", include_str!("studies/long_covid/cases.py"))],
        readme: "# Long COVID and work\n\nA demonstration study: nothing here runs on real data.\n",
        is_private: true,
        branches: &["sensitivity", "draft-figures", "reviewer-comments"],
    },
    Study {
        owner: "opensafely",
        name: "demo-cohort",
        project_yaml: include_str!("studies/long_covid/project.yaml"),
        files: &[("analysis/cases.py", include_str!("studies/long_covid/cases.py"))],
        readme: "# Cohorts of patients\n\nA demonstration study: nothing here runs on real data.\n",
        is_private: false,
        branches: &["sensitivity"],
    },
];

impl Study {
    pub fn url(&self) -> String {
        format!("https://github.com/{}/{}", self.owner, self.name)
    }
}

/// A study's repository: the commits of `main`, oldest first.
pub struct Repository {
    pub commits: Vec<String>,
}

/// Makes a study's repository below `root` and returns its commits. One that is there already, which
/// somebody may have worked in, stays as it is.
pub fn prepare(root: &Path, study: &Study) -> Result<Repository, CommandError> {
    let folder = root.join(study.owner).join(study.name);
    if !folder.join(".git").exists() {
        create(&folder, study)?;
    }
    let list = git(&folder, &["rev-list", "--reverse", "main", "--"], None)?;
    let commits: Vec<String> = list.lines().map(str::to_owned).collect();
    if commits.is_empty() {
        return Err(CommandError::Said(format!(
            "{} has no commits on main. Move it away, and it is made anew.",
            folder.display()
        )));
    }
    Ok(Repository { commits })
}

fn create(folder: &Path, study: &Study) -> Result<(), CommandError> {
    // Made beside its place and moved there: whoever is interrupted leaves no half repository.
    let making = PathBuf::from(format!("{}.new-{}", folder.display(), std::process::id()));
    std::fs::create_dir_all(&making).map_err(|error| cannot_write(&making, &error))?;
    git(&making, &["init", "--quiet"], None)?;
    git(&making, &["symbolic-ref", "HEAD", "refs/heads/main"], None)?;
    write(&making, "project.yaml", study.project_yaml)?;
    for (path, text) in study.files {
        write(&making, path, text)?;
    }
    commit(&making, "Add the study", "2025-09-01T09:00:00+0000")?;
    for branch in study.branches {
        git(&making, &["branch", branch], None)?;
    }
    if study.is_private {
        git(&making, &["config", "jobserver.private", "true"], None)?;
    }
    write(&making, "README.md", study.readme)?;
    commit(&making, "Say what this is", "2025-09-08T14:30:00+0000")?;
    std::fs::rename(&making, folder).map_err(|error| cannot_write(folder, &error))
}

pub(super) fn write(folder: &Path, path: &str, text: &str) -> Result<(), CommandError> {
    let file = folder.join(path);
    let parent = file.parent().unwrap_or(folder);
    std::fs::create_dir_all(parent).map_err(|error| cannot_write(parent, &error))?;
    std::fs::write(&file, text).map_err(|error| cannot_write(&file, &error))
}

fn commit(folder: &Path, message: &str, date: &str) -> Result<(), CommandError> {
    git(folder, &["add", "--all"], None)?;
    git(folder, &["commit", "--quiet", "--message", message], Some(date))?;
    Ok(())
}

/// Runs git without anybody's own settings, so that the commits come out the same everywhere.
fn git(folder: &Path, arguments: &[&str], date: Option<&str>) -> Result<String, CommandError> {
    let mut command = Command::new("git");
    command.arg("-C").arg(folder).args(arguments);
    for inherited in ["GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE"] {
        command.env_remove(inherited);
    }
    command
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .env("GIT_TERMINAL_PROMPT", "0");
    for role in ["AUTHOR", "COMMITTER"] {
        command.env(format!("GIT_{role}_NAME"), "Demo Researcher");
        command.env(format!("GIT_{role}_EMAIL"), "demo-researcher@example.com");
        if let Some(date) = date {
            command.env(format!("GIT_{role}_DATE"), date);
        }
    }
    let Output { status, stdout, stderr } = command
        .output()
        .map_err(|error| CommandError::Said(format!("Cannot run git: {error}. Install git.")))?;
    if !status.success() {
        return Err(CommandError::Said(format!(
            "git {} failed in {}: {}",
            arguments.first().unwrap_or(&""),
            folder.display(),
            String::from_utf8_lossy(&stderr).trim()
        )));
    }
    Ok(String::from_utf8_lossy(&stdout).into_owned())
}

fn cannot_write(path: &Path, error: &std::io::Error) -> CommandError {
    CommandError::Said(format!("Cannot write {}: {error}", path.display()))
}
