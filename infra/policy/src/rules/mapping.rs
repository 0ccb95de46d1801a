//! The mapping template: the form that API Gateway sends to SQS.

use crate::path::Method;
use crate::resolve::text_of;
use crate::{Finding, Rule, Stack};

/// The form of a method: what it sends, and what its directives set.
struct Form {
    /// `name=value`, directives taken out.
    fields: Vec<(String, String)>,
    /// The insides of `#set(…)`.
    sets: Vec<String>,
}

impl Form {
    fn of(method: &Method<'_>) -> Self {
        let templates = &method.integration()["requestTemplates"];
        let (text, sets) = without_directives(&text_of(&templates["application/json"]));
        let fields = text.split('&').filter_map(|field| field.trim().split_once('='));
        let fields = fields.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        Self { fields, sets }
    }

    /// The value of a message attribute, by its name.
    fn attribute(&self, name: &str) -> Option<&str> {
        let named = self.fields.iter().find(|(field, value)| {
            field.starts_with("MessageAttribute.") && field.ends_with(".Name") && value == name
        });
        let prefix = named?.0.strip_suffix("Name")?;
        let wanted = format!("{prefix}Value.StringValue");
        self.fields.iter().find(|(field, _)| *field == wanted).map(|(_, value)| value.as_str())
    }
}

/// The text without `#set(…)`, `#if(…)`, `#else`, `#end` and `##` comments; the insides of `#set`.
fn without_directives(source: &str) -> (String, Vec<String>) {
    let (mut text, mut sets) = (String::new(), Vec::new());
    for line in source.lines() {
        let mut rest = line.split("##").next().unwrap_or_default();
        while let Some(at) = rest.find('#') {
            text.push_str(&rest[..at]);
            let directive = &rest[at..];
            let word = directive[1..].find(|c: char| !c.is_ascii_alphabetic());
            let word = word.map_or(directive.len(), |end| end + 1);
            rest = &directive[word..];
            if rest.starts_with('(') {
                let (inside, after) = balanced(rest);
                if &directive[..word] == "#set" {
                    sets.push(inside.to_owned());
                }
                rest = after;
            }
        }
        text.push_str(rest);
    }
    (text, sets)
}

/// What is in the parentheses that a text begins with, and what comes after them.
fn balanced(text: &str) -> (&str, &str) {
    let (mut depth, mut quote) = (0_usize, None);
    for (at, c) in text.char_indices() {
        match (quote, c) {
            (Some(open), _) if open == c => quote = None,
            (Some(_), _) => {}
            (None, '"' | '\'') => quote = Some(c),
            (None, '(') => depth += 1,
            (None, ')') => {
                depth -= 1;
                if depth == 0 {
                    return (&text[1..at], &text[at + 1..]);
                }
            }
            (None, _) => {}
        }
    }
    (&text[1..], "")
}

fn of_forms(stack: &Stack, check: impl Fn(&Form) -> Vec<String>) -> Vec<Finding> {
    let path = stack.path();
    let found = path.methods.iter().flat_map(|method| {
        let property = method.property("requestTemplates");
        let problems = check(&Form::of(method)).into_iter();
        problems.map(move |problem| Finding::new(&method.api.id, &property, problem))
    });
    found.collect()
}

pub(super) const EVERY_VALUE_ENCODED: Rule = Rule {
    id: "R19",
    demands: "the body as it came, and every other value, encoded once for the form",
    or_else: "`Johnson & Johnson` arrives as `Johnson `, with a 202; or the body adds fields of its own",
    check: |stack| of_forms(stack, every_value_encoded),
};

fn every_value_encoded(form: &Form) -> Vec<String> {
    let mut wrong = Vec::new();
    for (name, value) in &form.fields {
        let encoded = value
            .strip_prefix("$util.urlEncode")
            .is_some_and(|rest| rest.starts_with('(') && balanced(rest).1.is_empty());
        if value.contains('$') && !encoded {
            wrong.push(format!("{name} is not $util.urlEncode(…) as a whole: {value}"));
        }
        if name.contains('$') {
            wrong.push(format!("{name} is made of what a partner says"));
        }
    }
    let body = form.fields.iter().find(|(name, _)| name == "MessageBody");
    let body = body.map_or("", |(_, value)| value.as_str());
    if body != "$util.urlEncode($input.body)" {
        wrong.push(format!("MessageBody must be $util.urlEncode($input.body), not {body:?}"));
    }
    wrong
}

pub(super) const PARTNER_IS_AUTHENTICATED: Rule = Rule {
    id: "R24",
    demands: "the partner on the message is who was authenticated",
    or_else: "a partner orders, and is billed, in another's name",
    check: |stack| of_forms(stack, partner_is_authenticated),
};

fn partner_is_authenticated(form: &Form) -> Vec<String> {
    let Some(value) = form.attribute("partner") else {
        return vec!["there is no message attribute partner".to_owned()];
    };
    let source = value.strip_prefix("$util.urlEncode(").and_then(|v| v.strip_suffix(')'));
    let source = source.unwrap_or(value);
    let sets = form.sets.iter().filter_map(|set| set.split_once('='));
    let mut sources: Vec<&str> =
        sets.filter(|(name, _)| name.trim() == source).map(|(_, value)| value.trim()).collect();
    if sources.is_empty() {
        sources.push(source);
    }
    let foreign = sources.into_iter().filter(|source| !source.starts_with("$context.identity."));
    foreign.map(|source| format!("partner is taken from {source}")).collect()
}

pub(super) const MESSAGE_NAMES_ITS_ORDER: Rule = Rule {
    id: "R25",
    demands: "the message carries the order's number from the path, and the request's id",
    or_else: "an order is settled under a number that its partner does not know, or cannot be traced",
    check: |stack| {
        of_forms(stack, |form| {
            let wanted = [
                ("orderNumber", "$util.urlEncode($input.params('orderNumber'))"),
                ("requestId", "$util.urlEncode($context.requestId)"),
            ];
            let missing = wanted.iter().filter(|(name, value)| form.attribute(name) != Some(value));
            missing.map(|(name, value)| format!("{name} must be {value}")).collect()
        })
    },
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn directives_are_taken_out_and_what_they_set_is_kept() {
        let source = "Action=SendMessage##\n#set($a = $x.replaceAll(\"^(b)$\", \")\"))##\n\
                      #if(!$a || $a == \"\")#set($a = 'c)')#end##\n&MessageBody=$a## end\n";
        let (text, sets) = without_directives(source);
        assert_eq!(text, "Action=SendMessage&MessageBody=$a");
        assert_eq!(sets, ["$a = $x.replaceAll(\"^(b)$\", \")\")", "$a = 'c)'"]);
    }
}
