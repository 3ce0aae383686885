//! `jobserver generate_secret_key`

use super::CommandError;

pub fn generate() -> Result<(), CommandError> {
    println!("{}", crate::config::generate_secret_key());
    Ok(())
}
