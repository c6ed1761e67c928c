//! Values of a log as people read them. What is unknown is a dash, never a zero.

use serde_json::Value;
use tollhouse::NanoUsd;

const UNKNOWN: &str = "-";

/// `2026-11-22 09:44:00` of an instant in RFC 3339.
pub(super) fn time(value: &Value) -> String {
    value.as_str().and_then(|text| text.get(..19)).map_or(UNKNOWN.to_owned(), |text| text.replace('T', " "))
}

/// A text without quotes, anything else as JSON.
pub(super) fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// `openai/gpt-4o-mini`, of an object that holds both, or the provider alone.
pub(super) fn model(value: &Value) -> String {
    let provider = text(&value["provider"]);
    match value["model"].as_str() {
        None | Some("") => provider,
        Some(model) => format!("{provider}/{model}"),
    }
}

/// A whole number.
pub(super) fn number(value: &Value) -> String {
    value.as_u64().map_or(UNKNOWN.to_owned(), |number| number.to_string())
}

/// Dollars to a millionth, of a number of billionths.
pub(super) fn dollars(value: &Value) -> String {
    let Some(nano): Option<NanoUsd> = value.as_i64() else { return UNKNOWN.to_owned() };
    let micro = nano.unsigned_abs().saturating_add(500) / 1_000;
    if micro == 0 && nano != 0 {
        return "<0.000001".to_owned();
    }
    let sign = if nano < 0 { "-" } else { "" };
    format!("{sign}{}.{:06}", micro / 1_000_000, micro % 1_000_000)
}

/// Dollars as they are: a bill adds up to the last billionth.
pub(super) fn exact_dollars(value: &Value) -> String {
    let Some(nano): Option<NanoUsd> = value.as_i64() else { return UNKNOWN.to_owned() };
    let (sign, nano) = (if nano < 0 { "-" } else { "" }, nano.unsigned_abs());
    format!("{sign}{}.{:09}", nano / 1_000_000_000, nano % 1_000_000_000)
}

/// A span, of a number of milliseconds.
pub(super) fn duration(value: &Value) -> String {
    match value.as_f64() {
        None => UNKNOWN.to_owned(),
        Some(ms) if ms < 10.0 => format!("{ms:.1} ms"),
        Some(ms) if ms < 1_000.0 => format!("{ms:.0} ms"),
        Some(ms) => format!("{:.1} s", ms / 1_000.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_is_unknown_is_not_zero() {
        for word in [time, number, dollars, exact_dollars, duration] {
            assert_eq!(word(&Value::Null), "-");
        }
        assert_eq!(number(&json!(0)), "0");
        assert_eq!(dollars(&json!(0)), "0.000000");
    }

    #[test]
    fn values_are_short() {
        assert_eq!(time(&json!("2026-11-22T09:44:00.123Z")), "2026-11-22 09:44:00");
        assert_eq!(dollars(&json!(1_234_567_890)), "1.234568");
        assert_eq!(exact_dollars(&json!(1_234_567_890)), "1.234567890");
        assert_eq!(exact_dollars(&json!(-5)), "-0.000000005");
        assert_eq!(dollars(&json!(499)), "<0.000001");
        assert_eq!(dollars(&json!(500)), "0.000001");
        let spans = [(0.04, "0.0 ms"), (9.4, "9.4 ms"), (812.4, "812 ms"), (61_250.0, "61.2 s")];
        for (ms, text) in spans {
            assert_eq!(duration(&json!(ms)), text);
        }
    }
}
