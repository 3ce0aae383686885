//! Running git on a repository nobody vouches for.

use std::ffi::OsString;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::process::Stdio;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt};
use tokio::process::Command;

use crate::core::ports::CodeHostError;

/// The most kept of what git complains about.
const MAX_COMPLAINT: usize = 2 * 1024;

/// Everything git may know of the machine, besides `PATH`.
const ENVIRONMENT: &[(&str, &str)] = &[
    // No settings but the repository's own.
    ("GIT_CONFIG_NOSYSTEM", "1"),
    ("GIT_CONFIG_GLOBAL", "/dev/null"),
    ("HOME", "/nonexistent"),
    // The folder may belong to somebody else than the server's user.
    ("GIT_CONFIG_COUNT", "1"),
    ("GIT_CONFIG_KEY_0", "safe.directory"),
    ("GIT_CONFIG_VALUE_0", "*"),
    // Never ask, never fetch what is missing, never write.
    ("GIT_TERMINAL_PROMPT", "0"),
    ("GIT_NO_LAZY_FETCH", "1"),
    ("GIT_ALLOW_PROTOCOL", "none"),
    ("GIT_OPTIONAL_LOCKS", "0"),
    // A commit is what its name says.
    ("GIT_NO_REPLACE_OBJECTS", "1"),
    ("LC_ALL", "C"),
];

/// The git executable.
#[derive(Debug, Clone)]
pub(super) struct Git {
    program: PathBuf,
    /// Without `PATH` the executable would not be found, as the environment is otherwise empty.
    path: OsString,
}

/// What one run of git gave.
#[derive(Debug)]
pub(super) struct Run {
    /// At most as many bytes as were asked for.
    pub output: Vec<u8>,
    /// `None` when it was stopped, as it had more to say.
    pub code: Option<i32>,
    cut: bool,
    complaint: String,
}

impl Run {
    /// # Errors
    ///
    /// [`CodeHostError::Unavailable`] when git failed or said too much.
    pub fn expect_success(&self) -> Result<(), CodeHostError> {
        match (self.cut, self.code) {
            (false, Some(0)) => Ok(()),
            (true, _) => Err(CodeHostError::unavailable("git's output is too large")),
            (false, code) => Err(CodeHostError::unavailable(format!(
                "git ended with {code:?}: {}",
                self.complaint
            ))),
        }
    }

    /// As [`Self::expect_success`], but output may be cut: the caller looks at its beginning.
    pub fn checked(self) -> Result<Self, CodeHostError> {
        if !self.cut {
            self.expect_success()?;
        }
        Ok(self)
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.output).into_owned()
    }
}

impl Git {
    pub fn new(program: PathBuf) -> Self {
        Self {
            program,
            path: std::env::var_os("PATH").unwrap_or_default(),
        }
    }

    /// Runs git on a repository, hands it `input`, and reads at most `limit` bytes. When the
    /// future is dropped, as a timeout does, git is killed.
    ///
    /// `arguments` are ours; text from outside goes in over `input`.
    pub async fn run(
        &self,
        git_dir: &Path,
        arguments: &[&str],
        input: &str,
        limit: usize,
    ) -> Result<Run, CodeHostError> {
        let mut child = Command::new(&self.program)
            .arg("--git-dir")
            .arg(git_dir)
            .arg("--no-pager")
            .args(arguments)
            .env_clear()
            .env("PATH", &self.path)
            .envs(ENVIRONMENT.iter().copied())
            .current_dir(git_dir.parent().unwrap_or(git_dir))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .map_err(|error| self.cannot_start(error))?;
        let (Some(mut stdin), Some(stdout), Some(stderr)) =
            (child.stdin.take(), child.stdout.take(), child.stderr.take())
        else {
            return Err(CodeHostError::unavailable("git was started without its pipes"));
        };
        let write = async move {
            match stdin.write_all(input.as_bytes()).await {
                // Git ended early; its exit code tells why.
                Err(error) if error.kind() != ErrorKind::BrokenPipe => Err(error),
                _ => Ok(()),
            }
        };
        let (written, output, complaint) = tokio::join!(write, up_to(stdout, limit), up_to(stderr, MAX_COMPLAINT));
        written.map_err(CodeHostError::unavailable)?;
        let (output, cut) = output.map_err(CodeHostError::unavailable)?;
        let (complaint, _) = complaint.map_err(CodeHostError::unavailable)?;
        let complaint = String::from_utf8_lossy(&complaint).trim().to_owned();
        if cut {
            child.kill().await.map_err(CodeHostError::unavailable)?;
            return Ok(Run {
                output,
                code: None,
                cut,
                complaint,
            });
        }
        let status = child.wait().await.map_err(CodeHostError::unavailable)?;
        Ok(Run {
            output,
            code: status.code(),
            cut,
            complaint,
        })
    }

    fn cannot_start(&self, error: io::Error) -> CodeHostError {
        tracing::error!(
            program = %self.program.display(),
            %error,
            "cannot run git: install it, put it in PATH, or unset LOCAL_GIT_REPOS"
        );
        CodeHostError::unavailable(error)
    }
}

/// At most `limit` bytes, and whether there were more. The pipe is closed on return, which ends a
/// git that is still writing.
async fn up_to(pipe: impl AsyncRead + Unpin, limit: usize) -> io::Result<(Vec<u8>, bool)> {
    let mut bytes = Vec::new();
    let one_more = u64::try_from(limit).unwrap_or(u64::MAX).saturating_add(1);
    pipe.take(one_more).read_to_end(&mut bytes).await?;
    let cut = bytes.len() > limit;
    bytes.truncate(limit);
    Ok((bytes, cut))
}
