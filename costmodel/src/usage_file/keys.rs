//! The keys that a usage file may have: what to say of one that it may not, and the list itself,
//! read from the structures that are filled, so that it cannot differ from them.

use rust_decimal::Decimal;
use serde::de::value::{Error, StrDeserializer};
use serde::de::{Deserialize, Deserializer, Visitor};
use serde::forward_to_deserialize_any;

use super::{
    FreePools, UsageFile, UsageFileError, api_gateway, cloudwatch, lambda, platform, servers, sqs,
    stated, storage,
};

/// A section, and the keys that it may have.
pub type KeysOf = (&'static str, &'static [&'static str]);

/// Every section of a usage file with its keys; the first is the top of the file.
pub fn keys_of_sections() -> Vec<KeysOf> {
    vec![
        ("", fields::<UsageFile>()),
        ("free_pools", fields::<FreePools>()),
        ("api_gateway", fields::<api_gateway::ApiGateway>()),
        ("sqs", fields::<sqs::Sqs>()),
        ("lambda", fields::<lambda::Lambda>()),
        ("s3", fields::<storage::S3>()),
        ("cloudwatch", fields::<cloudwatch::CloudWatch>()),
        ("kms", fields::<platform::Kms>()),
        ("data_transfer", fields::<platform::DataTransfer>()),
        ("nat", fields::<platform::Nat>()),
        ("vpc_endpoints", fields::<platform::VpcEndpoints>()),
        ("rds", fields::<platform::Rds>()),
        ("database", fields::<stated::Database>()),
        ("waf", fields::<platform::Waf>()),
        ("fargate", fields::<servers::Fargate>()),
        ("ec2", fields::<servers::Ec2>()),
        ("load_balancer", fields::<servers::LoadBalancer>()),
        ("other", fields::<stated::Other>()),
        ("fixed", fields::<stated::Fixed>()),
        ("prices", fields::<stated::Price>()),
    ]
}

/// The names of a structure's fields, as its file knows them.
fn fields<T: for<'de> Deserialize<'de>>() -> &'static [&'static str] {
    let mut names: &'static [&'static str] = &[];
    // What is asked of the reader is what counts; that nothing comes of it is of no account.
    let _ = T::deserialize(FieldNames(&mut names));
    names
}

struct FieldNames<'a>(&'a mut &'static [&'static str]);

impl<'de> Deserializer<'de> for FieldNames<'_> {
    type Error = Error;

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        *self.0 = fields;
        self.deserialize_any(visitor)
    }

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        StrDeserializer::new("").deserialize_any(visitor)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option
        unit unit_struct newtype_struct seq tuple tuple_struct map enum identifier ignored_any
    }
}

/// An error of the TOML reader, with the key that was probably meant.
pub(super) fn explained(error: &toml::de::Error) -> String {
    let text = error.to_string();
    match meant(error.message()) {
        Some(key) => format!("{}\ndid you mean `{key}`?", text.trim_end()),
        None => text.trim_end().to_owned(),
    }
}

/// Of `unknown field ..., expected one of ...` the expected one that is nearest to the unknown.
fn meant(message: &str) -> Option<String> {
    let rest = message.strip_prefix("unknown field `");
    let rest = rest.or_else(|| message.strip_prefix("unknown variant `"))?;
    let mut names = rest.split('`').step_by(2);
    let unknown = names.next()?;
    let near = |name: &&str| strsim::jaro_winkler(unknown, name);
    let best = names.max_by(|one, other| near(one).total_cmp(&near(other)))?;
    (near(&best) > 0.75).then(|| best.to_owned())
}

/// No key of a usage file means anything below zero.
pub(super) fn no_negative(text: &str) -> Result<(), UsageFileError> {
    let table: toml::Table =
        text.parse().map_err(|error: toml::de::Error| UsageFileError::Toml(error.to_string()))?;
    match negative(&toml::Value::Table(table), "") {
        Some((key, number)) => {
            Err(UsageFileError::Value { key, cause: format!("{number} is below 0") })
        }
        None => Ok(()),
    }
}

fn negative(value: &toml::Value, path: &str) -> Option<(String, String)> {
    let found = |number: String| Some((path.to_owned(), number));
    match value {
        toml::Value::Integer(number) if *number < 0 => found(number.to_string()),
        toml::Value::Float(number) if *number < 0.0 => found(number.to_string()),
        toml::Value::String(text) => {
            let number: Option<Decimal> = text.parse().ok();
            number.filter(Decimal::is_sign_negative).and_then(|number| found(number.to_string()))
        }
        toml::Value::Array(values) => values.iter().find_map(|value| negative(value, path)),
        toml::Value::Table(table) => table.iter().find_map(|(key, value)| {
            let dot = if path.is_empty() { "" } else { "." };
            negative(value, &format!("{path}{dot}{key}"))
        }),
        toml::Value::Integer(_)
        | toml::Value::Float(_)
        | toml::Value::Boolean(_)
        | toml::Value::Datetime(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_keys_of_a_section_are_those_that_it_reads() {
        let sections = keys_of_sections();
        let of = |name: &str| sections.iter().find(|(section, _)| *section == name).unwrap().1;
        assert_eq!(of("kms"), ["keys", "requests"]);
        assert!(of("sqs").contains(&"type"));
        let top = of("");
        assert!(sections.iter().skip(1).all(|(section, _)| top.contains(section)));
        assert!(sections.iter().all(|(_, keys)| !keys.is_empty()));
    }
}
