//! What is true of every call: nothing is lost on the way there, and what comes back can be sent again.

use fastrand::Rng;
use serde_json::value::RawValue;
use serde_json::{Value, json};

use super::*;

#[test]
fn an_answer_sent_back_is_the_answer_byte_by_byte() {
    let mut random = Rng::with_seed(1);
    for _ in 0..2_000 {
        let content = random_content(&mut random);
        let answer =
            format!(r#"{{"id":"msg_1","model":"claude-x","content":{content},"stop_reason":"tool_use","usage":{{}}}}"#);
        let completion = Anthropic.response(StatusCode::OK, answer.as_bytes(), 0).unwrap();
        let completion = std::str::from_utf8(&completion).unwrap();
        let (_, message) = completion.split_once(r#""message":"#).unwrap();
        let (message, _) = message.split_once(r#","logprobs""#).unwrap();
        let chat = format!(
            r#"{{"model":"m","max_tokens":1,"messages":[{{"role":"user","content":"?"}},{message},{{"role":"user","content":"!"}}]}}"#
        );
        let translated = Anthropic.request(chat.as_bytes()).unwrap();
        assert_eq!(translated.changes, []);
        assert_eq!(turn(&translated.body, 1), content);
    }
}

#[test]
fn an_unknown_member_anywhere_is_reported() {
    for case in ["request-text", "request-tools", "request-images", "request-thinking"] {
        let path = format!("{}/../tests/fixtures/anthropic/translate.{case}.openai.json", env!("CARGO_MANIFEST_DIR"));
        let mut chat: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
        let before = Anthropic.request(chat.to_string().as_bytes()).unwrap();
        let mut places = Vec::new();
        plant(&mut chat, "", &mut places);
        assert!(places.len() >= 5, "{case}");
        let after = Anthropic.request(chat.to_string().as_bytes()).unwrap();
        let mut told: Vec<_> = after.changes.iter().map(|change| change.path.clone()).collect();
        told.retain(|path| !before.changes.iter().any(|change| change.path == *path));
        told.sort();
        places.sort();
        assert_eq!(told, places, "{case}");
        assert_eq!(after.body, before.body, "{case}");
    }
}

/// Puts a member nobody knows into every object that is not carried or left out as a whole.
fn plant(value: &mut Value, path: &str, places: &mut Vec<String>) {
    const WHOLE: [&str; 8] = [
        "parameters",
        "schema",
        "thinking_blocks",
        "cache_control",
        "thinking",
        "logit_bias",
        "metadata",
        "annotations",
    ];
    match value {
        Value::Object(members) => {
            let inner = |name: &str| if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") };
            for (name, member) in members.iter_mut().filter(|(name, _)| !WHOLE.contains(&name.as_str())) {
                if *member != json!({"type": "json_object"}) {
                    plant(member, &inner(name), places);
                }
            }
            members.insert("zz_unknown".to_owned(), json!({"x": 1}));
            places.push(inner("zz_unknown"));
        }
        Value::Array(items) => {
            for (index, item) in items.iter_mut().enumerate() {
                plant(item, &format!("{path}[{index}]"), places);
            }
        }
        _ => {}
    }
}

/// The content of a translated turn, as it is written.
fn turn(body: &[u8], index: usize) -> String {
    #[derive(serde::Deserialize)]
    struct Body<'a> {
        #[serde(borrow)]
        messages: Vec<Turn<'a>>,
    }
    #[derive(serde::Deserialize)]
    struct Turn<'a> {
        #[serde(borrow)]
        content: &'a RawValue,
    }
    let body: Body<'_> = serde_json::from_slice(body).unwrap();
    body.messages[index].content.get().to_owned()
}

/// Thinking here and there, perhaps a text, then calls: the order in which models answer.
fn random_content(random: &mut Rng) -> String {
    let mut blocks = Vec::new();
    if random.bool() {
        blocks.push(format!(r#"{{"type":"text","text":"a{}"}}"#, random_text(random)));
    }
    for call in 0..random.usize(1..4) {
        let (id, input) = (random_text(random), random_json(random, 3));
        blocks.push(format!(r#"{{"type":"tool_use","id":"toolu_{call}{id}","name":"n{id}","input":{{"a":{input}}}}}"#));
    }
    for _ in 0..random.usize(0..3) {
        let (thought, place) = (random_text(random), random.usize(..=blocks.len()));
        blocks.insert(place, format!(r#"{{"type":"thinking","thinking":"{thought}","signature":"{thought}=="}}"#));
    }
    if random.bool() {
        blocks.insert(0, format!(r#"{{"type":"redacted_thinking","data":"{}"}}"#, random_text(random)));
    }
    format!("[{}]", blocks.join(","))
}

/// The inside of a JSON string, with the escapes that translations get wrong.
fn random_text(random: &mut Rng) -> String {
    const PIECES: [&str; 10] = ["x", r#"\""#, r"\\", r"\n", r"\u00e9", "é", r"\ud83d", "🙂", r"\/", "}{"];
    (0..random.usize(..6)).map(|_| random.choice(PIECES).expect("there are pieces")).collect()
}

fn random_json(random: &mut Rng, depth: usize) -> String {
    const NUMBERS: [&str; 6] = ["0", "-0.0", "1.50", "1e400", "18446744073709551616", "123456789012345678901234567890"];
    match random.u8(..if depth == 0 { 3 } else { 5 }) {
        0 => NUMBERS[random.usize(..NUMBERS.len())].to_owned(),
        1 => format!("\"{}\"", random_text(random)),
        2 => "null".to_owned(),
        3 => format!("[{},{}]", random_json(random, depth - 1), random_json(random, depth - 1)),
        _ => format!("{{\"{}\":{}}}", random_text(random), random_json(random, depth - 1)),
    }
}
