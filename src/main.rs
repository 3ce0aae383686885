//! The executable: parses the command line and hands over to `cli`. Nothing else.

use std::process::ExitCode;

use clap::Parser;
use jobserver::cli::{Cli, run};

fn main() -> ExitCode {
    run(Cli::parse())
}
