//! Proving that the record is whole: that no event was removed, changed or slipped in since it was written.
//!
//! Every event carries the hash of the one before it, and its own, over that and all that it says. What is checked
//! here is worked out anew, not asked of the database; that what keeps events is in place is asked of it. Whoever can rewrite the whole table can rewrite all hashes too:
//! against that helps the receipt, which is to be kept elsewhere.

use std::fmt;
use std::str::FromStr;

use sha2::{Digest, Sha256};
use sqlx::Connection;

use super::store::chain::{self, Link};
use crate::core::db::Db;
use crate::core::error::Result;

/// How far the chain went at some time, in one line: `position:hash`, as `jobserver audit verify` prints it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt {
    pub position: i64,
    /// SHA-256; empty for an empty chain.
    pub hash: Vec<u8>,
}

impl fmt::Display for Receipt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.position, data_encoding::HEXLOWER.encode(&self.hash))
    }
}

impl FromStr for Receipt {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let (position, hash) = text.trim().split_once(':').ok_or(())?;
        let hash = data_encoding::HEXLOWER_PERMISSIVE
            .decode(hash.as_bytes())
            .map_err(|_| ())?;
        let position = position.parse().map_err(|_| ())?;
        let is_one = position == 0 && hash.is_empty() || position > 0 && hash.len() == 32;
        if is_one { Ok(Self { position, hash }) } else { Err(()) }
    }
}

/// What is wrong with the record, first of all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Broken {
    /// An event is missing where the chain goes on.
    Missing { position: i64 },
    /// An event does not say what it said.
    Changed { id: i32, position: i64 },
    /// An event does not follow the one before it.
    Torn { id: i32, position: i64 },
    /// An event was added without joining the chain.
    Unchained { id: i32 },
    /// An event has a date that none can have, or that no program can read.
    Undated { id: i32, position: i64 },
    /// There are more events than places in the chain: some share one.
    Crowded { events: i64, places: i64 },
    /// Events are missing at the end, or the note of where it is.
    Shortened { ends_at: i64, recorded: Option<i64> },
    /// The note of where the chain ends has the right place and another hash.
    OtherEnd { position: i64 },
    /// What keeps events as they are was taken away or switched off.
    Unguarded { missing: Vec<String> },
    /// The chain is not the one that the receipt is of.
    NotOfReceipt { position: i64 },
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing { position } => write!(f, "the event at position {position} is missing"),
            Self::Changed { id, position } => {
                write!(
                    f,
                    "event {id}, at position {position}, does not say what it said when it was written"
                )
            }
            Self::Torn { id, position } => {
                write!(
                    f,
                    "event {id}, at position {position}, does not follow the one before it"
                )
            }
            Self::Unchained { id } => write!(f, "event {id} was added without joining the chain"),
            Self::Undated { id, position } => {
                write!(f, "event {id}, at position {position}, has a date that none can have")
            }
            Self::Crowded { events, places } => {
                write!(
                    f,
                    "there are {events} events, but the chain has {places} places: some were slipped in"
                )
            }
            Self::OtherEnd { position } => write!(
                f,
                "the events end at position {position}, as noted, but the hash that is noted for it is another"
            ),
            Self::Unguarded { missing } => write!(
                f,
                "what keeps events as they are is missing or switched off: {}",
                missing.join(", ")
            ),
            Self::Shortened {
                ends_at,
                recorded: Some(recorded),
            } => {
                write!(f, "the events end at position {ends_at}, but there were {recorded}")
            }
            Self::Shortened {
                ends_at,
                recorded: None,
            } => {
                write!(
                    f,
                    "the events end at position {ends_at}, and the note of where they should is gone"
                )
            }
            Self::NotOfReceipt { position } => {
                write!(
                    f,
                    "the event at position {position} is not the one that the receipt is of"
                )
            }
        }
    }
}

/// What was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified {
    pub events: i64,
    /// `Ok`: whole, and a receipt of that.
    pub outcome: std::result::Result<Receipt, Broken>,
    /// Whether the role that this ran as could change events, were it not for triggers.
    pub may_change: bool,
}

/// Rows that are looked at at once; memory holds no more.
const AT_ONCE: i64 = 2_000;

/// Works out every hash and compares it, as of one moment. With the receipt of another time, also that the chain still
/// is the one that it was then.
///
/// # Errors
/// When the database does not answer.
pub async fn verify(db: &Db, receipt: Option<&Receipt>) -> Result<Verified> {
    let mut conn = db.read().await?;
    let mut reading = conn.begin().await?;
    chain::look_at_one_moment(&mut reading).await?;
    let recorded = chain::head(&mut reading).await?;
    let may_change = chain::may_change(&mut reading).await?;
    let mut end = Receipt {
        position: 0,
        hash: Vec::new(),
    };
    let broken = |events, broken| {
        Ok(Verified {
            events,
            outcome: Err(broken),
            may_change,
        })
    };
    if let Some(id) = chain::unchained(&mut reading).await? {
        return broken(0, Broken::Unchained { id });
    }
    loop {
        let links = chain::after(&mut reading, end.position, AT_ONCE).await?;
        if links.is_empty() {
            break;
        }
        for link in &links {
            if let Err(found) = follows(&end, link) {
                return broken(end.position, found);
            }
            end.position += 1;
            end.hash = link.hash.clone().unwrap_or_default();
            if receipt.is_some_and(|receipt| receipt.position == end.position && receipt.hash != end.hash) {
                return broken(end.position, Broken::NotOfReceipt { position: end.position });
            }
        }
    }
    let events = chain::count(&mut reading).await?;
    if events != end.position {
        let places = end.position;
        return broken(end.position, Broken::Crowded { events, places });
    }
    match recorded {
        Some((position, hash)) if position == end.position && hash == end.hash => {}
        Some((position, _)) if position == end.position => {
            return broken(end.position, Broken::OtherEnd { position });
        }
        recorded => {
            let (ends_at, recorded) = (end.position, recorded.map(|(position, _)| position));
            return broken(end.position, Broken::Shortened { ends_at, recorded });
        }
    }
    if let Some(receipt) = receipt.filter(|receipt| receipt.position > end.position) {
        let (ends_at, recorded) = (end.position, Some(receipt.position));
        return broken(end.position, Broken::Shortened { ends_at, recorded });
    }
    let missing = chain::missing_guards(&mut reading).await?;
    if !missing.is_empty() {
        return broken(end.position, Broken::Unguarded { missing });
    }
    reading.rollback().await?;
    Ok(Verified {
        events: end.position,
        outcome: Ok(end),
        may_change,
    })
}

fn follows(end: &Receipt, link: &Link) -> std::result::Result<(), Broken> {
    let (id, position) = (link.id, end.position + 1);
    if link.position != Some(position) {
        return Err(Broken::Missing { position });
    }
    if link.previous_hash.as_ref() != Some(&end.hash) {
        return Err(Broken::Torn { id, position });
    }
    let Some(microseconds) = link.microseconds.filter(|at| READABLE.contains(at)) else {
        return Err(Broken::Undated { id, position });
    };
    if link.hash.as_deref() != Some(&hash(&end.hash, link, microseconds)[..]) {
        return Err(Broken::Changed { id, position });
    }
    Ok(())
}

/// The years from 0 to 9999, in microseconds since 1970.
const READABLE: std::ops::Range<i64> = -62_167_219_200_000_000..253_402_300_800_000_000;

/// As the migration `audit_chain` has it: SHA-256 over the hash before and every column with its length in front.
fn hash(previous: &[u8], link: &Link, microseconds: i64) -> [u8; 32] {
    let number = |id: Option<i32>| id.map(|id| id.to_string()).unwrap_or_default();
    let fields = [
        link.position.unwrap_or_default().to_string(),
        link.id.to_string(),
        link.kind.clone(),
        link.old.clone(),
        link.new.clone(),
        link.target_model.clone(),
        link.target_field.clone(),
        link.target_id.clone(),
        link.target_label.clone(),
        link.target_user.clone(),
        number(link.target_user_id),
        link.parent_model.clone(),
        link.parent_id.clone(),
        link.parent_label.clone(),
        link.created_by.clone(),
        number(link.created_by_id),
        microseconds.to_string(),
    ];
    let fields: Vec<String> = fields.iter().map(|field| format!("{}:{field}", field.len())).collect();
    Sha256::new()
        .chain_update(previous)
        .chain_update(fields.join(","))
        .finalize()
        .into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_receipt_is_read_back() {
        for receipt in [
            Receipt {
                position: 0,
                hash: Vec::new(),
            },
            Receipt {
                position: 12,
                hash: vec![0xab; 32],
            },
        ] {
            assert_eq!(receipt.to_string().parse(), Ok(receipt));
        }
        for text in ["", "12", "12:", "0:ab", "x:ab", "-1:", "1:zz"] {
            assert_eq!(text.parse::<Receipt>(), Err(()), "{text}");
        }
    }
}
