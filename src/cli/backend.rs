//! `jobserver create_backend`

use std::time::Duration;

use super::outfit::{Outfit, shown};
use super::{ByOption, CommandError};
use crate::core::jobs::backends::{BackendInput, create_backend};

#[derive(Debug, clap::Args)]
pub struct CreateBackend {
    /// The backend's short name: letters, digits, `-` and `_`.
    slug: String,
    /// Its name for people [default: the slug].
    #[arg(long)]
    name: Option<String>,
    /// Where its release-hatch answers browsers.
    #[arg(long)]
    url: Option<String>,
    /// A network of its secure environment, like 10.1.2.0/24; may be given several times. From there, people
    /// sign in with a single-use token. Networks that it had before are replaced.
    #[arg(long = "address", value_name = "CIDR")]
    addresses: Vec<String>,
    /// Forget the networks of its secure environment.
    #[arg(long, conflicts_with = "addresses")]
    no_addresses: bool,
    /// Somebody who may then use it.
    #[arg(long, value_name = "USERNAME")]
    user: Option<String>,
    /// Print nothing but the token.
    #[arg(long)]
    quiet: bool,
    /// Issue a new token; the present one stops working.
    #[arg(long)]
    rotate: bool,
    /// With --rotate: how many seconds the present token goes on working.
    #[arg(long, requires = "rotate", value_name = "SECONDS", default_value_t = 0)]
    overlap: u64,
    #[command(flatten)]
    by: ByOption,
}

impl CreateBackend {
    pub async fn run(self) -> Result<(), CommandError> {
        let outfit = Outfit::new().await?;
        let overlap = time::Duration::try_from(Duration::from_secs(self.overlap))
            .map_err(|_| CommandError::Said("--overlap is too long.".to_owned()))?;
        let addresses = (self.no_addresses || !self.addresses.is_empty()).then_some(self.addresses);
        let input = BackendInput {
            slug: self.slug,
            name: self.name,
            level_4_url: self.url,
            addresses,
            member: self.user,
            rotate: self.rotate.then_some(overlap),
        };
        let token = create_backend(&outfit.db, &outfit.sealer, &input, &self.by.by()).await?;
        if !self.quiet {
            println!("Backend {} is ready. Its token:", input.slug);
        }
        println!("{}", shown(&token));
        Ok(())
    }
}
