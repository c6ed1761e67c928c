//! What a vector expects, held against what came. See tests/vectors/README.md.

use serde_json::Value;

/// Why `found` does not match `pattern`, with the path, or nothing.
pub(crate) fn mismatch(pattern: &Value, found: &Value, path: &str) -> Result<(), String> {
    let told = |matches: bool| if matches { Ok(()) } else { Err(format!("{path}: expected {pattern}, found {found}")) };
    match (pattern, found) {
        (Value::String(word), _) if word == "$any" => told(!found.is_null()),
        (Value::String(word), Value::String(text)) if word == "$uuid7" => told(is_uuid7(text)),
        (Value::Object(keys), Value::Object(fields)) => {
            let null = Value::Null;
            keys.iter().try_for_each(|(key, pattern)| {
                mismatch(pattern, fields.get(key).unwrap_or(&null), &format!("{path}.{key}"))
            })
        }
        (Value::Array(patterns), Value::Array(items)) => {
            told(patterns.len() == items.len())?;
            let mut pairs = patterns.iter().zip(items).enumerate();
            pairs.try_for_each(|(index, (pattern, item))| mismatch(pattern, item, &format!("{path}[{index}]")))
        }
        (Value::Number(expected), Value::Number(number)) => told(expected.as_f64() == number.as_f64()),
        _ => told(pattern == found),
    }
}

fn is_uuid7(text: &str) -> bool {
    let shape = |(index, byte): (usize, u8)| match index {
        8 | 13 | 18 | 23 => byte == b'-',
        14 => byte == b'7',
        _ => byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte),
    };
    text.len() == 36 && text.bytes().enumerate().all(shape)
}
