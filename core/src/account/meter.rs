//! Reads usage, model and end out of an event stream while it passes through, without holding it up.

use memchr::memmem::Finder;

use super::answer::Answer;
use super::counts::Counts;
use super::estimated::Said;
use super::events::Events;
use crate::sse::Event;
use crate::usage::{Format, Tier, Usage};

/// Meters one streamed answer. Feed it every chunk, in order, cut anywhere.
pub(crate) struct Meter {
    events: Events,
    heard: Heard,
    marks_end: bool,
}

/// What a stream told, up to where it was fed.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Metered {
    /// The usage that was reported last; `None` where the provider reported none.
    pub(crate) usage: Option<Usage>,
    /// Whether the protocol's end was seen and no error event; `None` as long as a stream goes on whose end is not known.
    pub(crate) complete: Option<bool>,
    /// Whether the last event was seen: nothing follows it. Gemini's streams have none of their own.
    pub(crate) is_over: bool,
    /// The model that the stream names.
    pub(crate) model_served: Option<String>,
}

impl Meter {
    /// A meter for a stream in `format`; `marks_end` tells whether such a stream is known to say when it is over.
    pub(crate) fn new(format: Format, marks_end: bool) -> Self {
        Self { events: Events::of(format), heard: Heard::new(format), marks_end }
    }

    /// Takes the next chunk.
    pub(crate) fn feed(&mut self, chunk: &[u8]) {
        if self.heard.failed {
            return;
        }
        let heard = &mut self.heard;
        if !self.events.feed(chunk, |event| heard.event(event)) {
            // Let go of what has filled up.
            self.events = Events::None;
            self.heard.failed = true;
        }
    }

    /// The usage of a call of `model` with this `body` whose stream was cut off here.
    pub(crate) fn estimate(&self, model: &str, body: &[u8]) -> Usage {
        self.heard.said.usage(model, body, self.heard.usage())
    }

    /// What is known so far; after the last chunk, what is known at all.
    pub(crate) fn finish(&self) -> Metered {
        Metered {
            usage: self.heard.usage(),
            complete: match (self.heard.failed, self.heard.ended) {
                (true, _) => Some(false),
                (false, true) => Some(true),
                (false, false) => self.marks_end.then_some(false),
            },
            is_over: self.heard.over && !self.heard.failed,
            model_served: self.heard.model.clone(),
        }
    }
}

struct Heard {
    format: Format,
    marks: Marks,
    counts: Counts,
    /// Gemini repeats its usage in every event: only the last of them is parsed, and only when asked.
    latest: Vec<u8>,
    said: Said,
    model: Option<String>,
    tier: Option<Tier>,
    ended: bool,
    over: bool,
    failed: bool,
}

impl Heard {
    fn new(format: Format) -> Self {
        Self {
            format,
            marks: Marks::of(format),
            counts: Counts::default(),
            latest: Vec::new(),
            said: Said::default(),
            model: None,
            tier: None,
            ended: false,
            over: false,
            failed: false,
        }
    }

    fn event(&mut self, event: &Event) {
        let data = event.data.as_bytes();
        if data == b"[DONE]" {
            self.over |= matches!(self.format, Format::Openai | Format::WorkersAi);
            self.ended |= self.over;
            return;
        }
        self.said.add(data);
        if self.format == Format::Gemini && has_value(data, &self.marks.usage) {
            self.latest.clear();
            self.latest.extend_from_slice(data);
        }
        if self.is_worth_parsing(&event.name, data)
            && let Some(answer) = Answer::parse(data)
        {
            let kind = answer.kind().unwrap_or_else(|| event.name.clone());
            self.answer(&answer, &kind);
        }
    }

    /// A scan costs a fraction of a parse, and nearly all events carry nothing but a piece of text.
    fn is_worth_parsing(&self, name: &str, data: &[u8]) -> bool {
        match self.format {
            // It names its events (docs.claude.com/en/docs/build-with-claude/streaming); a proxy may drop the names.
            Format::Anthropic => matches!(name, "message_start" | "message_delta" | "message_stop" | "error" | ""),
            Format::Bedrock => matches!(name, "messageStop" | "metadata") || !is_block(name),
            _ if name == "error" || ends_response(name) => true,
            Format::Gemini => self.tells_end_or_model(data),
            _ => has_value(data, &self.marks.usage) || self.tells_end_or_model(data),
        }
    }

    fn tells_end_or_model(&self, data: &[u8]) -> bool {
        self.marks.ends.iter().any(|mark| has_value(data, mark))
            || (self.model.is_none() && has_value(data, &self.marks.model))
    }

    fn answer(&mut self, answer: &Answer, kind: &str) {
        if self.model.is_none() {
            self.model = answer.model();
        }
        if let Some(counts) = answer.usage().and_then(|json| Counts::read(self.format, json)) {
            // Anthropic tells the input when a message starts and the output when it ends; the others repeat it all.
            self.tier = self.tier.or_else(|| answer.tier());
            self.counts = if self.format == Format::Anthropic { counts.or(self.counts) } else { counts };
        }
        // Whatever Bedrock tells besides its events is an exception.
        let is_exception = self.format == Format::Bedrock && !is_block(kind);
        self.failed |= answer.error.is_some() || kind == "error" || is_exception;
        self.over |= match self.format {
            Format::Openai => ends_response(kind),
            Format::Anthropic => kind == "message_stop",
            Format::Bedrock => kind == "metadata",
            _ => false,
        };
        self.ended |= match self.format {
            Format::Openai => ends_response(kind) || answer.has_finished_choice(),
            Format::Anthropic => kind == "message_stop",
            Format::Gemini => answer.has_finished_candidate(),
            Format::Bedrock => kind == "messageStop",
            Format::WorkersAi | Format::Other => false,
        };
    }

    fn usage(&self) -> Option<Usage> {
        let latest = || Counts::read(self.format, Answer::parse(&self.latest)?.usage()?);
        let usage = latest().unwrap_or(self.counts).usage(self.format);
        usage.map(|usage| usage.in_tier(self.tier))
    }
}

/// The last events of OpenAI's Responses API (platform.openai.com/docs/api-reference/responses-streaming).
fn ends_response(kind: &str) -> bool {
    matches!(kind, "response.completed" | "response.incomplete" | "response.failed")
}

/// The events of `ConverseStream`, in their order
/// (<https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ConverseStream.html>).
fn is_block(name: &str) -> bool {
    const EVENTS: [&str; 6] =
        ["messageStart", "contentBlockStart", "contentBlockDelta", "contentBlockStop", "messageStop", "metadata"];
    EVENTS.contains(&name)
}

/// The keys to look for in an event, each with its quotes.
struct Marks {
    model: Finder<'static>,
    usage: Finder<'static>,
    /// What ends a stream, well or badly.
    ends: Vec<Finder<'static>>,
}

impl Marks {
    fn of(format: Format) -> Self {
        let (model, usage, ends): (_, _, &[&str]) = match format {
            Format::Openai => ("\"model\"", "\"usage\"", &["\"finish_reason\"", "\"error\""]),
            Format::Gemini => {
                ("\"modelVersion\"", "\"usageMetadata\"", &["\"finishReason\"", "\"blockReason\"", "\"error\""])
            }
            _ => ("\"model\"", "\"usage\"", &["\"error\""]),
        };
        Self {
            model: Finder::new(model),
            usage: Finder::new(usage),
            ends: ends.iter().map(|key| Finder::new(*key)).collect(),
        }
    }
}

/// Whether `json` has this key with a value other than null. Text cannot fake it: inside a JSON string a quote stands
/// behind a backslash.
fn has_value(json: &[u8], key: &Finder) -> bool {
    key.find_iter(json).any(|at| {
        let rest = json[at + key.needle().len()..].trim_ascii_start();
        rest.strip_prefix(b":").is_some_and(|value| !value.trim_ascii_start().starts_with(b"null"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const CHAT: &str = include_str!("../../../tests/fixtures/openai/chat.stream.sse");
    const RESPONSES: &str = include_str!("../../../tests/fixtures/openai/responses.stream.sse");
    const MESSAGES: &str = include_str!("../../../tests/fixtures/anthropic/messages.stream.sse");
    const GENERATE: &str = include_str!("../../../tests/fixtures/gemini/generate.stream.sse");
    const WORKERS_AI: &str = "data: {\"response\":\"Toll\"}\n\n\
        data: {\"response\":\"\",\"usage\":{\"prompt_tokens\":26,\"completion_tokens\":7}}\n\ndata: [DONE]\n\n";

    /// Every stream, with the text whose arrival makes it complete.
    const STREAMS: [(Format, &str, &str); 5] = [
        (Format::Openai, CHAT, "\"finish_reason\":\"stop\""),
        (Format::Openai, RESPONSES, "event: response.completed"),
        (Format::Anthropic, MESSAGES, "event: message_stop"),
        (Format::Gemini, GENERATE, "\"finishReason\": \"STOP\""),
        (Format::WorkersAi, WORKERS_AI, "[DONE]"),
    ];

    fn meter<'a>(format: Format, chunks: impl IntoIterator<Item = &'a [u8]>) -> Metered {
        let mut meter = Meter::new(format, true);
        for chunk in chunks {
            meter.feed(chunk);
        }
        meter.finish()
    }

    fn meter_of_unknown(format: Format, stream: &str) -> Metered {
        let mut meter = Meter::new(format, false);
        meter.feed(stream.as_bytes());
        meter.finish()
    }

    fn whole(format: Format, stream: &str) -> Metered {
        meter(format, [stream.as_bytes()])
    }

    fn told(format: Format, stream: &str) -> (Option<u64>, Option<u64>, Option<String>) {
        let metered = whole(format, stream);
        assert_eq!(metered.complete, Some(true));
        let usage = metered.usage.unwrap();
        (usage.tokens_in, usage.tokens_out, metered.model_served)
    }

    #[test]
    fn every_protocol_is_metered() {
        let served = |model: &str| Some(model.to_string());
        assert_eq!(told(Format::Openai, CHAT), (Some(19), Some(14), served("gpt-4o-mini-2024-07-18")));
        assert_eq!(told(Format::Openai, RESPONSES), (Some(37), Some(75), served("gpt-5-mini-2025-08-07")));
        assert_eq!(
            told(Format::Anthropic, MESSAGES),
            (Some(25 + 10 + 1500), Some(17), served("claude-sonnet-4-5-20250929"))
        );
        assert_eq!(told(Format::Gemini, GENERATE), (Some(12), Some(10 + 69), served("gemini-2.5-flash")));
        assert_eq!(told(Format::WorkersAi, WORKERS_AI), (Some(26), Some(7), None));
    }

    #[test]
    fn every_split_tells_the_same() {
        for (format, stream, _) in STREAMS {
            let (expected, bytes) = (whole(format, stream), stream.as_bytes());
            for cut in 0..bytes.len() {
                let (head, tail) = bytes.split_at(cut);
                assert_eq!(meter(format, [head, tail]), expected, "{format:?} cut at {cut}");
            }
            assert_eq!(meter(format, bytes.chunks(1)), expected, "{format:?} byte by byte");
        }
    }

    #[test]
    fn a_stream_is_complete_only_from_its_end_on() {
        for (format, stream, mark) in STREAMS {
            let last = stream.rfind(mark).unwrap();
            let line_end = last + stream[last..].find("\n\n").or_else(|| stream[last..].find("\r\n\r\n")).unwrap();
            for cut in 0..stream.len() {
                let complete = meter(format, [&stream.as_bytes()[..cut]]).complete;
                // The line feed (or the carriage return) of the empty line dispatches the event.
                let dispatched = line_end + if stream.contains("\r\n") { 3 } else { 2 };
                assert_eq!(complete, Some(cut >= dispatched), "{format:?} cut at {cut}");
            }
        }
    }

    #[test]
    fn a_cut_stream_keeps_what_it_told() {
        let start = &MESSAGES[..MESSAGES.find("event: content_block_start").unwrap()];
        let metered = whole(Format::Anthropic, start);
        assert_eq!(metered.complete, Some(false));
        let usage = metered.usage.unwrap();
        assert_eq!((usage.tokens_in, usage.tokens_out, usage.cache_read), (Some(1535), Some(1), Some(1500)));
    }

    #[test]
    fn anthropic_totals_replace_earlier_ones() {
        let delta =
            r#"{"type":"message_delta","usage":{"input_tokens":30,"cache_read_input_tokens":0,"output_tokens":40}}"#;
        let stream =
            MESSAGES.replace("event: message_stop", &format!("event: message_delta\ndata: {delta}\n\nevent: x"));
        let usage = whole(Format::Anthropic, &stream).usage.unwrap();
        assert_eq!((usage.tokens_in, usage.tokens_out), (Some(30 + 10), Some(40)));
    }

    #[test]
    fn streams_without_event_names_are_understood() {
        for (format, stream, _) in [STREAMS[1], STREAMS[2]] {
            let lines = stream.split_inclusive('\n').filter(|line| !line.starts_with("event:"));
            let unnamed: String = lines.collect();
            assert_eq!(whole(format, &unnamed), whole(format, stream), "{format:?}");
        }
    }

    #[test]
    fn an_error_event_makes_any_stream_incomplete() {
        let failed = RESPONSES.replace("response.completed", "response.failed");
        assert_eq!(whole(Format::Openai, &failed).complete, Some(true), "a failed response is told in full");
        for (format, stream, error) in [
            (Format::Openai, CHAT, "data: {\"error\":{\"message\":\"overloaded\"}}\n\n"),
            (Format::Openai, RESPONSES, "event: error\ndata: {\"type\":\"error\",\"code\":\"server_error\"}\n\n"),
            (Format::Anthropic, MESSAGES, "event: error\ndata: {\"type\":\"error\",\"error\":{\"type\":\"o\"}}\n\n"),
            (Format::Gemini, GENERATE, "data: {\"error\":{\"code\":503}}\n\n"),
            (Format::WorkersAi, WORKERS_AI, "data: {\"error\":\"capacity\"}\n\n"),
        ] {
            assert_eq!(whole(format, &format!("{stream}{error}")).complete, Some(false), "{format:?} after its end");
            assert_eq!(whole(format, &format!("{error}{stream}")).complete, Some(false), "{format:?} before its end");
        }
    }

    #[test]
    fn a_stream_whose_end_is_not_known_is_not_called_cut() {
        let complete = |stream: &str| meter_of_unknown(Format::Openai, stream).complete;
        let speech = "data: {\"type\":\"speech.audio.done\"}\n\n";
        assert_eq!(complete(speech), None);
        assert_eq!(complete("data: [DONE]\n\n"), Some(true));
        assert_eq!(complete(&format!("{speech}event: error\ndata: {{}}\n\n")), Some(false));
    }

    #[test]
    fn other_ends_of_streams() {
        let done = "data: {\"choices\":[{\"finish_reason\":null}]}\n\ndata: [DONE]\n\n";
        assert_eq!(whole(Format::Openai, done).complete, Some(true));
        let incomplete = RESPONSES.replace("response.completed", "response.incomplete");
        assert_eq!(whole(Format::Openai, &incomplete).complete, Some(true));
        let blocked = "data: {\"promptFeedback\":{\"blockReason\":\"SAFETY\"}}\n\n";
        assert_eq!(whole(Format::Gemini, blocked).complete, Some(true));
        let empty = "data: {\"choices\":[{\"finish_reason\":\"\"}]}\n\n";
        assert_eq!(whole(Format::Openai, empty).complete, Some(false), "an empty reason is none");
        let other = meter_of_unknown(Format::Other, "anything");
        assert_eq!(other, Metered { usage: None, complete: None, is_over: false, model_served: None });
        assert_eq!(whole(Format::Gemini, "").complete, Some(false));
    }

    #[test]
    fn groq_puts_usage_under_its_own_name() {
        let stream = "data: {\"model\":\"llama-3.1-8b-instant\",\"choices\":[{\"finish_reason\":\"stop\"}],\
            \"x_groq\":{\"id\":\"req_1\",\"usage\":{\"prompt_tokens\":5,\"completion_tokens\":6}}}\n\n";
        assert_eq!(told(Format::Openai, stream), (Some(5), Some(6), Some("llama-3.1-8b-instant".to_string())));
    }

    #[test]
    fn garbage_is_no_end_and_no_panic() {
        let lines = [
            "data: {\"usage\":",
            "data: {\"usage\":7}",
            "data: \u{0}",
            "data: [[[",
            "data: {\"choices\":{}}",
            "\u{feff}",
        ];
        for format in [Format::Openai, Format::Anthropic, Format::Gemini, Format::WorkersAi] {
            let metered = whole(format, &lines.join("\n\n"));
            let nothing = Metered { usage: None, complete: Some(false), is_over: false, model_served: None };
            assert_eq!(metered, nothing, "{format:?}");
        }
        let mut endless = Meter::new(Format::Openai, true);
        endless.feed(&vec![b'x'; 9 << 20]);
        endless.feed(CHAT.as_bytes());
        assert_eq!(endless.finish().complete, Some(false));
    }
}
