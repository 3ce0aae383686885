//! What the gallery of components is made with. Its page names each component once, as a `specimen` with
//! `example`s: what stands in an example is both shown and rendered, and the attributes come from the
//! component's own comment.

use std::collections::BTreeSet;
use std::sync::Arc;

use rocket_dyn_templates::handlebars::template::{Parameter, Template, TemplateElement};
use rocket_dyn_templates::handlebars::{
    Context, Handlebars, Helper, HelperDef, HelperResult, Output, RenderContext, Renderable, StringOutput,
};
use serde_json::{Value, json};

use super::{Attribute, Component, Fallback, Library, text_param};

const PARTS: &str = "pages/ui_components/";

pub fn install(engine: &mut Handlebars<'_>, library: Arc<Library>) {
    let shown: BTreeSet<String> = engine
        .get_templates()
        .iter()
        .filter(|(path, _)| path.starts_with("pages/ui_components"))
        .flat_map(|(_, template)| specimens(template))
        .collect();
    engine.register_helper("specimen", Box::new(Specimen(library.clone())));
    engine.register_helper("example", Box::new(Example));
    engine.register_helper("icons", Box::new(Icons(library.clone())));
    engine.register_helper("other_components", Box::new(Others(library, shown)));
}

/// The components that a template shows as specimens.
fn specimens(template: &Template) -> Vec<String> {
    let mut names = Vec::new();
    for element in &template.elements {
        match element {
            TemplateElement::HelperBlock(block) => {
                if let (Some("specimen"), Some(Parameter::Literal(Value::String(name)))) =
                    (block.name.as_name(), block.params.first())
                {
                    names.push(name.clone());
                }
                names.extend(block.template.iter().flat_map(specimens));
            }
            TemplateElement::DecoratorBlock(block) => names.extend(block.template.iter().flat_map(specimens)),
            _ => {}
        }
    }
    names
}

fn described(component: &Component, examples: Option<String>) -> Value {
    let attributes: Vec<Value> = component.attributes.iter().map(row).collect();
    json!({
        "name": component.name,
        "template": component.template,
        "summary": component.summary,
        "attributes": attributes,
        "examples_html": examples,
    })
}

fn row(attribute: &Attribute) -> Value {
    let fallback = match &attribute.fallback {
        Fallback::Required => "required".to_owned(),
        Fallback::Value(Value::Bool(true)) => "yes".to_owned(),
        Fallback::Value(Value::Bool(false)) => "no".to_owned(),
        Fallback::Value(Value::Null) => "none".to_owned(),
        Fallback::Value(Value::String(text)) => text.clone(),
        Fallback::Value(value) => value.to_string(),
    };
    json!({
        "name": attribute.name,
        "kind": attribute.kind.words(),
        "fallback": fallback,
        "description": attribute.description,
    })
}

struct Specimen(Arc<Library>);

impl HelperDef for Specimen {
    fn call<'reg: 'rc, 'rc>(
        &self,
        helper: &Helper<'rc>,
        engine: &'reg Handlebars<'reg>,
        context: &'rc Context,
        render: &mut RenderContext<'reg, 'rc>,
        out: &mut dyn Output,
    ) -> HelperResult {
        let component = self.0.get(text_param(helper)?)?;
        let mut examples = StringOutput::new();
        if let Some(template) = helper.template() {
            template.render(engine, context, render, &mut examples)?;
        }
        let view = described(component, Some(examples.into_string()?));
        out.write(&engine.render(&format!("{PARTS}specimen"), &view)?)?;
        Ok(())
    }
}

struct Example;

impl HelperDef for Example {
    fn call<'reg: 'rc, 'rc>(
        &self,
        helper: &Helper<'rc>,
        engine: &'reg Handlebars<'reg>,
        context: &'rc Context,
        render: &mut RenderContext<'reg, 'rc>,
        out: &mut dyn Output,
    ) -> HelperResult {
        let mut source = StringOutput::new();
        if let Some(template) = helper.template() {
            template.render(engine, context, render, &mut source)?;
        }
        let source = source.into_string()?;
        let source = source.trim();
        let view = json!({
            "title": helper.hash_get("title").map(|title| title.value()),
            "stacked": helper.hash_get("stacked").is_some(),
            "source": source,
            "shown_html": engine.render_template_with_context(source, context)?,
        });
        out.write(&engine.render(&format!("{PARTS}example"), &view)?)?;
        Ok(())
    }
}

struct Icons(Arc<Library>);

impl HelperDef for Icons {
    fn call<'reg: 'rc, 'rc>(
        &self,
        _: &Helper<'rc>,
        engine: &'reg Handlebars<'reg>,
        _: &'rc Context,
        _: &mut RenderContext<'reg, 'rc>,
        out: &mut dyn Output,
    ) -> HelperResult {
        let mut icons = Vec::new();
        for component in self
            .0
            .0
            .values()
            .filter(|component| component.template.starts_with("icons/icon_"))
        {
            let view = json!({"class": "icon"});
            icons.push(json!({"name": component.name, "icon_html": engine.render(&component.template, &view)?}));
        }
        out.write(&engine.render(&format!("{PARTS}icons"), &json!({"icons": icons}))?)?;
        Ok(())
    }
}

struct Others(Arc<Library>, BTreeSet<String>);

impl HelperDef for Others {
    fn call<'reg: 'rc, 'rc>(
        &self,
        _: &Helper<'rc>,
        engine: &'reg Handlebars<'reg>,
        _: &'rc Context,
        _: &mut RenderContext<'reg, 'rc>,
        out: &mut dyn Output,
    ) -> HelperResult {
        let is_other =
            |component: &&Component| component.template.starts_with("components/") && !self.1.contains(&component.name);
        for component in self.0.0.values().filter(is_other) {
            out.write(&engine.render(&format!("{PARTS}specimen"), &described(component, None))?)?;
        }
        Ok(())
    }
}
