//! `jobserver audit verify`

use super::CommandError;
use super::outfit::Outfit;
use crate::core::audit::chain::{Receipt, verify};

/// Look after the record of who changed what.
#[derive(Debug, clap::Args)]
#[command(arg_required_else_help = true)]
pub struct Audit {
    #[command(subcommand)]
    command: AuditCommand,
}

#[derive(Debug, clap::Subcommand)]
enum AuditCommand {
    /// Prove that no event was removed, changed or slipped in, and print a receipt of that.
    Verify(Verify),
}

/// Works out every hash of the chain anew, and looks whether what keeps events is in place. Exit status 1 when something is wrong, told by what and where.
///
/// The last line is a receipt: keep it somewhere else. Given to a later run, it proves that the record is the one that
/// it was then, even against somebody who could write into the database.
#[derive(Debug, clap::Args)]
struct Verify {
    /// What an earlier run printed.
    #[arg(long, value_name = "POSITION:HASH", value_parser = receipt)]
    receipt: Option<Receipt>,
}

fn receipt(text: &str) -> Result<Receipt, String> {
    text.parse()
        .map_err(|()| "is no receipt: give the last line that an earlier run printed, as in 12:5f…".to_owned())
}

impl Audit {
    pub async fn run(self) -> Result<(), CommandError> {
        let AuditCommand::Verify(Verify { receipt }) = self.command;
        let outfit = Outfit::new().await?;
        let verified = verify(&outfit.db, receipt.as_ref()).await?;
        match verified.outcome {
            Ok(receipt) => {
                println!("Events checked: {}. The record is whole.", verified.events);
                if verified.may_change {
                    println!(
                        "The role that DATABASE_URL names owns the record or has rights to change it, and only triggers \
                         stop it: INSTALL.md tells how to run with a role that has none (The record of changes)."
                    );
                }
                println!("Keep this receipt elsewhere:");
                println!("{receipt}");
                Ok(())
            }
            Err(broken) => Err(CommandError::Said(format!(
                "The record is not whole: {broken}. Up to there, {} events are as they were written.",
                verified.events
            ))),
        }
    }
}
