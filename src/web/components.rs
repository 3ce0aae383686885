//! The components that pages are made of: a partial each in `templates/components`, whose opening comment
//! says what it is and lists its attributes. That comment is read here, so it cannot say anything but what
//! the component does: it gives the defaults, and an attribute that it does not list is an error.
//!
//! A template uses a component in one of two ways:
//!
//! - `{{ui "button" text="Save" variant="primary"}}`, or with content, `{{#ui "card" title="Jobs" id="jobs"}}…{{/ui}}`.
//!   An object may come after the name; what is named after it goes before its fields. The component sees
//!   its attributes and nothing of the page around it, and the content sees the page and nothing of the
//!   component.
//! - `{{> components/status this.status}}`, where a view has an object with all that the component shows:
//!   quicker, for what a long list repeats. It must be given an object; without one, or with attributes
//!   beside it, a partial would take a `class` or a `title` of the page for its own.
//!
//! An icon is used in the same way, by its name: `{{ui "icon_play_mini"}}`.

mod comment;
mod gallery;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::sync::Arc;

use rocket_dyn_templates::handlebars::template::TemplateElement;
use rocket_dyn_templates::handlebars::{
    Context, Handlebars, Helper, HelperDef, HelperResult, Output, RenderContext, RenderError, RenderErrorReason,
    Renderable, StringOutput,
};
use serde_json::{Map, Value, json};

pub use comment::{Attribute, Component, Fallback, Kind};

/// Where the partials of components and of icons are.
const FOLDERS: [&str; 2] = ["components/", "icons/"];

/// The attribute that holds the content of a component, as HTML. Only the helper sets it.
const BLOCK: &str = "block_html";

/// The attribute that holds those passed on as they are.
const MORE: &str = "more";

/// All components by name, icons among them.
#[derive(Debug, Default)]
pub struct Library(BTreeMap<String, Component>);

impl Library {
    /// Reads the comments of the templates that the engine has.
    fn read(engine: &Handlebars<'_>) -> Self {
        let mut components = BTreeMap::new();
        for (path, template) in engine.get_templates() {
            let Some(name) = FOLDERS.iter().find_map(|folder| path.strip_prefix(folder)) else {
                continue;
            };
            let Some(TemplateElement::Comment(text)) = template.elements.first() else {
                continue;
            };
            if let Ok(component) = Component::parse(name, path, text) {
                components.insert(name.to_owned(), component);
            }
        }
        Self(components)
    }

    fn get(&self, name: &str) -> Result<&Component, RenderError> {
        self.0.get(name).ok_or_else(|| {
            refusal(format!(
                "there is no component {name:?}, or its comment does not list its attributes"
            ))
        })
    }
}

/// Teaches the engine the components of its templates.
pub fn install(engine: &mut Handlebars<'_>) {
    let library = Arc::new(Library::read(engine));
    engine.register_helper("ui", Box::new(Ui(library.clone())));
    gallery::install(engine, library);
}

/// The helper `ui`.
struct Ui(Arc<Library>);

impl HelperDef for Ui {
    fn call<'reg: 'rc, 'rc>(
        &self,
        helper: &Helper<'rc>,
        engine: &'reg Handlebars<'reg>,
        context: &'rc Context,
        render: &mut RenderContext<'reg, 'rc>,
        out: &mut dyn Output,
    ) -> HelperResult {
        let name = text_param(helper)?;
        let component = self.0.get(name)?;
        let content = match helper.template() {
            Some(template) => {
                let mut content = StringOutput::new();
                template.render(engine, context, render, &mut content)?;
                Some(content.into_string()?)
            }
            None => None,
        };
        let named = helper.hash().iter().map(|(name, value)| (*name, value.value()));
        let given = helper.param(1).map(|param| param.value());
        let attributes = match given {
            Some(list @ Value::Array(_)) => list.clone(),
            _ => fill(component, given, named, content)?,
        };
        out.write(&engine.render(&component.template, &attributes)?)?;
        Ok(())
    }
}

fn text_param<'a>(helper: &'a Helper<'_>) -> Result<&'a str, RenderError> {
    helper
        .param(0)
        .and_then(|param| param.value().as_str())
        .ok_or_else(|| refusal(format!("{:?} takes the name of a component", helper.name())))
}

fn refusal(why: String) -> RenderError {
    RenderErrorReason::Other(why).into()
}

/// What a component is rendered with: every attribute that it has, given or by default.
fn fill<'a>(
    component: &Component,
    given: Option<&Value>,
    named: impl Iterator<Item = (&'a str, &'a Value)>,
    content: Option<String>,
) -> Result<Value, RenderError> {
    let of = |problem: String| refusal(format!("component {:?}: {problem}", component.name));
    let mut attributes = Map::new();
    let mut more = Vec::new();
    if let Some(Value::Object(fields)) = given {
        let own = fields.iter().filter(|(name, _)| component.attribute(name).is_some());
        attributes.extend(own.map(|(name, value)| (name.clone(), value.clone())));
    }
    for (name, value) in named {
        if is_passed_on(name) && component.attribute(MORE).is_some() {
            more.push(json!({"name": name, "value": value}));
        } else if component.attribute(name).is_none() || name == BLOCK || name == MORE {
            return Err(of(format!("it has no attribute {name:?}")));
        } else {
            attributes.insert(name.to_owned(), value.clone());
        }
    }
    attributes.remove(BLOCK);
    if content.is_some() && component.attribute(BLOCK).is_none() {
        return Err(of("it has no content".to_owned()));
    }
    attributes.insert(BLOCK.to_owned(), content.map_or(Value::Null, Value::String));
    attributes.insert(MORE.to_owned(), Value::Array(more));
    for attribute in &component.attributes {
        match (attributes.get(&attribute.name), &attribute.fallback) {
            (None, Fallback::Required) => return Err(of(format!("attribute {:?} is missing", attribute.name))),
            (None, Fallback::Value(value)) => {
                attributes.insert(attribute.name.clone(), value.clone());
            }
            (Some(value), _) if !attribute.kind.allows(value) => {
                return Err(of(format!("{value} is no value of attribute {:?}", attribute.name)));
            }
            (Some(_), _) => {}
        }
    }
    Ok(Value::Object(attributes))
}

fn is_passed_on(name: &str) -> bool {
    ["data-", "hx-", "aria-"].iter().any(|start| name.starts_with(start))
}
