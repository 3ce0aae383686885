//! From hostile text to a small ordered tree: limits, duplicate keys and positions.
//!
//! The text comes from a repository anybody may write to, so nothing here may grow faster than the
//! file itself. The YAML library counts while it reads (aliases too, each time they are used), so an
//! over-large document is refused before it is built.

use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_saphyr::budget::BudgetBreach;
use serde_saphyr::options::NonFiniteFloatPolicy;
use serde_saphyr::{Error, Location, Options, Spanned, UserMessageFormatter};

use super::problem::{PipelineError, Place, Problem, clean};

/// Largest text that is read, in bytes: 1 MiB. GitHub's contents API gives no larger file in its
/// ordinary form, and the longest `project.yaml` a person maintains is a fraction of this.
pub const MAX_BYTES: usize = 1024 * 1024;

/// Deepest nesting of lists and mappings. The format needs five levels (project, actions, action,
/// outputs, level); `config` is free-form and gets the rest.
pub const MAX_DEPTH: usize = 32;

/// Most values (keys, texts, lists, mappings) after aliases are expanded. An action as people write
/// it takes about 13 in 250 bytes, so a file of the largest size has some 55,000; packed as tightly as
/// the format allows it has 160,000.
pub const MAX_NODES: usize = 200_000;

/// Most bytes of text after aliases are expanded: twice the largest file leaves room for the usual
/// sharing of a block of outputs, and bounds memory.
const MAX_EXPANDED_BYTES: usize = 2 * MAX_BYTES;

/// Most `*alias` references.
const MAX_ALIASES: usize = 10_000;

/// A value with the place it was written at.
pub(super) type Node = Spanned<Tree>;

/// The shapes YAML 1.2 gives; mappings keep the order of the file.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Tree {
    Null,
    Bool(bool),
    Int(i128),
    Float(f64),
    Text(String),
    List(Vec<Node>),
    Map(Vec<(Node, Node)>),
}

struct TreeVisitor;

impl<'de> Visitor<'de> for TreeVisitor {
    type Value = Tree;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a YAML value")
    }

    fn visit_unit<E>(self) -> Result<Tree, E> {
        Ok(Tree::Null)
    }

    fn visit_none<E>(self) -> Result<Tree, E> {
        Ok(Tree::Null)
    }

    fn visit_some<D: Deserializer<'de>>(self, inner: D) -> Result<Tree, D::Error> {
        inner.deserialize_any(TreeVisitor)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Tree, E> {
        Ok(Tree::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Tree, E> {
        Ok(Tree::Int(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Tree, E> {
        Ok(Tree::Int(value.into()))
    }

    fn visit_i128<E>(self, value: i128) -> Result<Tree, E> {
        Ok(Tree::Int(value))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Tree, E> {
        Ok(Tree::Float(value))
    }

    fn visit_str<E>(self, value: &str) -> Result<Tree, E> {
        Ok(Tree::Text(value.to_owned()))
    }

    fn visit_string<E>(self, value: String) -> Result<Tree, E> {
        Ok(Tree::Text(value))
    }

    // The size hints are not trusted: memory grows with what has really been read.
    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Tree, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element()? {
            list.push(item);
        }
        Ok(Tree::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Tree, A::Error> {
        let mut map = Vec::new();
        while let Some(entry) = entries.next_entry()? {
            map.push(entry);
        }
        Ok(Tree::Map(map))
    }
}

impl<'de> Deserialize<'de> for Tree {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(TreeVisitor)
    }
}

/// YAML 1.2 (`yes` is text), one document, duplicate keys refused (the library's default), tags
/// without a meaning here refused, and every limit above. `.nan` and `.inf` pass, so that the rules
/// can say what was expected in their place.
fn options() -> Options {
    serde_saphyr::options! {
        strict_booleans: true,
        reject_unsupported_tags: true,
        non_finite_float_policy: NonFiniteFloatPolicy::PassThrough,
        // Snippets would copy parts of the file into the message; the place is enough.
        with_snippet: false,
        budget: serde_saphyr::budget! {
            max_reader_input_bytes: Some(MAX_BYTES),
            max_events: 2 * MAX_NODES,
            max_nodes: MAX_NODES,
            max_depth: MAX_DEPTH,
            flow_nesting_limit: MAX_DEPTH + 1,
            max_documents: 1,
            max_aliases: MAX_ALIASES,
            max_anchors: MAX_ALIASES,
            max_recorded_anchor_events: 2 * MAX_NODES,
            max_recorded_anchor_bytes: MAX_EXPANDED_BYTES,
            max_total_scalar_bytes: MAX_EXPANDED_BYTES,
            max_merge_keys: MAX_ALIASES,
            // One block of outputs shared by hundreds of actions is honest; the counts above bound it.
            enforce_alias_anchor_ratio: false,
        },
        alias_limits: serde_saphyr::alias_limits! {
            max_total_replayed_events: 2 * MAX_NODES,
            max_replay_stack_depth: MAX_DEPTH,
        },
    }
}

/// Reads the text into a tree.
///
/// # Errors
///
/// [`PipelineError::TooLarge`], or [`PipelineError::Yaml`] with the place where the text stops being
/// YAML, repeats a key or passes a limit.
pub(super) fn tree(text: &str) -> Result<Node, PipelineError> {
    if text.len() > MAX_BYTES {
        return Err(PipelineError::TooLarge { bytes: text.len() });
    }
    serde_saphyr::from_str_with_options(text, options()).map_err(|error| {
        let place = error.location().and_then(place_of);
        PipelineError::Yaml(Problem::new(place, message(&error)))
    })
}

/// Where a value is written; for an aliased value, where it is defined.
pub(super) fn place(node: &Node) -> Option<Place> {
    place_of(node.defined)
}

fn place_of(location: Location) -> Option<Place> {
    (location.line() > 0).then(|| Place {
        line: location.line(),
        column: location.column(),
    })
}

/// The value as the file spells it, for scalars; `None` where the library does not know the place.
pub(super) fn source<'t>(text: &'t str, node: &Node) -> Option<&'t str> {
    let span = node.defined.span();
    let start = usize::try_from(span.byte_offset()?).ok()?;
    let length = usize::try_from(span.byte_len()?).ok()?;
    text.get(start..start.checked_add(length)?)
}

/// What was found, in words, for "expected this, found that".
pub(super) fn found(text: &str, node: &Node) -> String {
    let spelled = || source(text, node).map(clean).unwrap_or_default();
    match &node.value {
        Tree::Null => "nothing".to_owned(),
        Tree::Bool(_) => format!("the true/false value {}", spelled()),
        Tree::Int(_) | Tree::Float(_) => format!("the number {}", spelled()),
        Tree::Text(value) if value.is_empty() => "an empty text".to_owned(),
        Tree::Text(value) => format!("the text `{}`", clean(value)),
        Tree::List(_) => "a list".to_owned(),
        Tree::Map(_) => "a mapping".to_owned(),
    }
}

fn message(error: &Error) -> String {
    match error.without_snippet() {
        Error::DuplicateMappingKey { key: Some(key), .. } => {
            format!(
                "the key `{}` is used twice in the same mapping; remove or rename one of them",
                clean(key)
            )
        }
        Error::DuplicateMappingKey { key: None, .. } => {
            "a key is used twice in the same mapping; remove or rename one of them".to_owned()
        }
        Error::MultipleDocuments { .. } => one_document(),
        Error::Budget { breach, .. } => limit(breach),
        Error::AliasReplayLimitExceeded { .. }
        | Error::AliasReplayCounterOverflow { .. }
        | Error::AliasExpansionLimitExceeded { .. }
        | Error::AliasReplayStackDepthExceeded { .. } => {
            "the aliases (`*name`) repeat too much of the file; write less of it through aliases".to_owned()
        }
        Error::AliasError { error, .. } => message(error),
        other => {
            let rendered = other.render_with_formatter(&UserMessageFormatter);
            let place = other
                .location()
                .map(|at| format!(" at line {}, column {}", at.line(), at.column()))
                .unwrap_or_default();
            format!(
                "this is not valid YAML: {}",
                clean(rendered.strip_suffix(place.as_str()).unwrap_or(&rendered))
            )
        }
    }
}

fn one_document() -> String {
    "expected one YAML document, found a second one after `---`".to_owned()
}

fn limit(breach: &BudgetBreach) -> String {
    match breach {
        BudgetBreach::Depth { .. } => {
            format!("lists and mappings are nested more than {MAX_DEPTH} levels deep")
        }
        BudgetBreach::Documents { .. } => one_document(),
        BudgetBreach::Nodes { .. } | BudgetBreach::Events { .. } => {
            format!("the file holds more than {MAX_NODES} values, counting each use of an alias (`*name`)")
        }
        BudgetBreach::ScalarBytes { .. } => format!(
            "the file holds more than {MAX_EXPANDED_BYTES} bytes of text, counting each use of an alias (`*name`)"
        ),
        _ => {
            "the file uses more anchors (`&name`), aliases (`*name`) or merge keys (`<<`) than are read here".to_owned()
        }
    }
}
