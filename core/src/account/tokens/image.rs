//! How many tokens a picture has.
//!
//! | family | rule | source |
//! |---|---|---|
//! | OpenAI, tiles | fit into 2,048 squared, then the shorter side to 768; so many for the picture and for each 512 squared | platform.openai.com/docs/guides/images-vision, "Calculating costs" |
//! | OpenAI, patches | 32 squared, 1,536 at the most, times the model's factor | the same |
//! | Anthropic | width times height by 750, once the longer side is at most 1,568 | docs.claude.com/en/docs/build-with-claude/vision |
//! | Gemini | 258 up to 384 squared, then 258 for each 768 squared | ai.google.dev/gemini-api/docs/image-understanding |

use base64::Engine;
use base64::prelude::{BASE64_STANDARD, BASE64_STANDARD_NO_PAD};
use serde_json::Value;

/// How many tokens a picture is taken to have whose size nobody knows: the most that Anthropic's rule gives, and more than
/// OpenAI's for a picture that is square.
const UNKNOWN_SIZE: u64 = 1_600;

/// Sizes stand at the beginning of a file; what cameras write before them is shorter than this.
const HEAD_BYTES: usize = 256_000;

/// A picture in a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Picture {
    /// Width and height in pixels, where the file stands in the message.
    size: Option<(u32, u32)>,
    /// Whether OpenAI is asked for a low resolution.
    is_low: bool,
}

/// How a family counts.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Rule {
    Tiles {
        base: u64,
        tile: u64,
    },
    /// The factor in hundredths.
    Patches {
        factor: u64,
    },
    Anthropic,
    Gemini,
}

/// By the beginning of names, the longest first.
const RULES: [(&str, Rule); 20] = [
    ("gpt-4.1-mini", Rule::Patches { factor: 162 }),
    ("gpt-4.1-nano", Rule::Patches { factor: 246 }),
    ("gpt-5-mini", Rule::Patches { factor: 162 }),
    ("gpt-5-nano", Rule::Patches { factor: 246 }),
    ("o4-mini", Rule::Patches { factor: 172 }),
    ("gpt-4o-mini", Rule::Tiles { base: 2_833, tile: 5_667 }),
    ("gpt-4o", Rule::Tiles { base: 85, tile: 170 }),
    ("gpt-4.1", Rule::Tiles { base: 85, tile: 170 }),
    ("gpt-4.5", Rule::Tiles { base: 85, tile: 170 }),
    ("gpt-4-turbo", Rule::Tiles { base: 85, tile: 170 }),
    ("gpt-5-chat", Rule::Tiles { base: 70, tile: 140 }),
    ("gpt-5.", Rule::Patches { factor: 100 }),
    ("gpt-5", Rule::Tiles { base: 70, tile: 140 }),
    ("o1", Rule::Tiles { base: 75, tile: 150 }),
    ("o3", Rule::Tiles { base: 75, tile: 150 }),
    ("computer-use-preview", Rule::Tiles { base: 65, tile: 129 }),
    ("claude", Rule::Anthropic),
    ("anthropic.claude", Rule::Anthropic),
    ("gemini", Rule::Gemini),
    ("gemma", Rule::Gemini),
];

impl Picture {
    /// The picture that a part of a message is: OpenAI's `image_url` and `input_image`, Anthropic's `image`.
    pub(super) fn of(part: &Value) -> Option<Self> {
        let (file, detail) = match part.get("type")?.as_str()? {
            "image_url" => {
                let image = part.get("image_url")?;
                (image.get("url").unwrap_or(image).as_str()?, image.get("detail"))
            }
            "input_image" => (part.get("image_url").and_then(Value::as_str).unwrap_or(""), part.get("detail")),
            "image" => (part.get("source")?.get("data").and_then(Value::as_str).unwrap_or(""), None),
            _ => return None,
        };
        let data = match file.strip_prefix("data:") {
            Some(url) => url.split_once(";base64,").map_or("", |(_, data)| data),
            None if file.contains("://") => "",
            None => file,
        };
        Some(Self { size: size(data), is_low: detail.and_then(Value::as_str) == Some("low") })
    }

    /// How many tokens it has for a model, and whether that model's own rule says so.
    pub(super) fn tokens(self, model: &str) -> (u64, bool) {
        let rule = RULES.iter().find(|(start, _)| model.starts_with(start)).map(|(_, rule)| *rule);
        match (rule, self.size) {
            (Some(Rule::Tiles { base, .. }), _) if self.is_low => (base, true),
            (Some(rule), Some((width, height))) => {
                // Of models since GPT-5.1 only how they cut is known, and not by which factor.
                (rule.tokens(f64::from(width), f64::from(height)), !model.starts_with("gpt-5."))
            }
            (Some(Rule::Tiles { base, tile }), None) => (base + 4 * tile, false),
            (_, _) => (UNKNOWN_SIZE, false),
        }
    }
}

impl Rule {
    fn tokens(self, width: f64, height: f64) -> u64 {
        match self {
            Self::Tiles { base, tile } => {
                let fit = (2_048.0 / width.max(height)).min(1.0);
                let (width, height) = (width * fit, height * fit);
                let shrink = (768.0 / width.min(height)).min(1.0);
                base + tile * count(width * shrink, 512.0) * count(height * shrink, 512.0)
            }
            Self::Patches { factor } => (patches(width, height) * factor).div_ceil(100),
            Self::Anthropic => {
                let fit = (1_568.0 / width.max(height)).min(1.0);
                whole((width * fit * height * fit / 750.0).ceil()).min(UNKNOWN_SIZE)
            }
            Self::Gemini if width <= 384.0 && height <= 384.0 => 258,
            Self::Gemini => 258 * count(width, 768.0) * count(height, 768.0),
        }
    }
}

fn patches(width: f64, height: f64) -> u64 {
    const PATCH: f64 = 32.0;
    const MOST: f64 = 1_536.0;
    let all = count(width, PATCH) * count(height, PATCH);
    if all <= whole(MOST) {
        return all;
    }
    let shrink = (PATCH * PATCH * MOST / (width * height)).sqrt();
    let (across, down) = (width * shrink / PATCH, height * shrink / PATCH);
    // Shrunk once more, until one side is a whole number of patches.
    let again = (across.floor() / across).min(down.floor() / down);
    count(across * again, 1.0) * count(down * again, 1.0)
}

/// How many of `part` cover `length`. What a division leaves behind its sixth decimal is its own error.
fn count(length: f64, part: f64) -> u64 {
    whole((length / part - 1e-6).ceil()).max(1)
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "sizes of pictures are small and positive")]
fn whole(number: f64) -> u64 {
    number as u64
}

fn size(data: &str) -> Option<(u32, u32)> {
    // Whole groups of four characters are whole bytes.
    let head = &data.as_bytes()[..data.len().min(HEAD_BYTES / 3 * 4) / 4 * 4];
    let bytes = BASE64_STANDARD.decode(head).or_else(|_| BASE64_STANDARD_NO_PAD.decode(data)).ok()?;
    let size = imagesize::blob_size(&bytes).ok()?;
    let (width, height) = (u32::try_from(size.width).ok()?, u32::try_from(size.height).ok()?);
    (width > 0 && height > 0).then_some((width, height))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn tokens(model: &str, width: u32, height: u32) -> u64 {
        Picture { size: Some((width, height)), is_low: false }.tokens(model).0
    }

    /// The examples on the pages that the table above names.
    #[test]
    fn published_examples() {
        assert_eq!(tokens("gpt-4o", 1024, 1024), 85 + 4 * 170);
        assert_eq!(tokens("gpt-4o", 2048, 4096), 85 + 6 * 170);
        assert_eq!(Picture { size: Some((4096, 8192)), is_low: true }.tokens("gpt-4o"), (85, true));
        assert_eq!(patches(1024.0, 1024.0), 1_024);
        assert_eq!(patches(1800.0, 2400.0), 1_452);
        assert_eq!(tokens("gpt-4.1-mini-2025-04-14", 1024, 1024), 1_659, "1,024 times 1.62");
        assert_eq!(tokens("claude-sonnet-4-5", 1000, 1000), 1_334);
        assert_eq!(tokens("claude-sonnet-4-5", 200, 200), 54);
        assert_eq!(tokens("gemini-2.5-flash", 384, 384), 258);
        assert_eq!(tokens("gemini-2.5-flash", 960, 540), 2 * 258);
    }

    #[test]
    fn sizes_are_read_out_of_the_file() {
        let png = "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAABAAAAAMAAQMAAAAA";
        let part = json!({"type": "image_url", "image_url": {"url": png}});
        assert_eq!(Picture::of(&part).unwrap().size, Some((1024, 768)));
        let gif = json!({"type": "image", "source": {"type": "base64", "data": "R0lGODlhAQACAAAAACw="}});
        assert_eq!(Picture::of(&gif).unwrap().size, Some((1, 2)));
        for url in
            ["https://example.com/toll.png", "data:image/png;base64,", "data:image/png;base64,AAAA", "data:", "é"]
        {
            let picture = Picture::of(&json!({"type": "image_url", "image_url": {"url": url}})).unwrap();
            assert_eq!((picture.size, picture.tokens("gpt-4o")), (None, (85 + 4 * 170, false)), "{url}");
        }
        assert_eq!(Picture::of(&json!({"type": "input_audio"})), None);
    }
}
