//! AWS's binary event stream, cut out of chunks that may break anywhere.
//! Format: <https://docs.aws.amazon.com/transcribe/latest/dg/streaming-setting-up.html#streaming-event-stream>, which all
//! services of AWS share: lengths, headers and payload, with a CRC-32 over the lengths and one over all.

use crate::sse::Event;

/// What is longer than this is no message; it would only fill memory.
const MAX_MESSAGE_BYTES: usize = 16 << 20;

/// Two lengths and their checksum.
const PRELUDE_BYTES: usize = 12;
const CHECKSUM_BYTES: usize = 4;

/// Gathers bytes and hands out whole messages: each as an event with its type as name and its payload as data.
#[derive(Debug, Default)]
pub(crate) struct Parser {
    held: Vec<u8>,
    event: Event,
}

/// The stream is not one of AWS's.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Malformed;

impl Parser {
    /// Takes a chunk and calls `each` for every message that it completes.
    ///
    /// # Errors
    /// [`Malformed`] when a checksum, a length or a header is wrong.
    pub(crate) fn feed(&mut self, chunk: &[u8], mut each: impl FnMut(&Event)) -> Result<(), Malformed> {
        self.held.extend_from_slice(chunk);
        let mut taken = 0;
        while let Some(length) = length(&self.held[taken..])? {
            let Some(message) = self.held.get(taken..taken + length) else { break };
            read(message, &mut self.event)?;
            each(&self.event);
            taken += length;
        }
        self.held.drain(..taken);
        Ok(())
    }
}

/// The length of the message that begins here, once its beginning is there.
fn length(bytes: &[u8]) -> Result<Option<usize>, Malformed> {
    let Some(prelude) = bytes.get(..PRELUDE_BYTES) else { return Ok(None) };
    let (total, headers) = (number(prelude, 0)?, number(prelude, 4)?);
    let is_sound = crc32fast::hash(&prelude[..8]) as usize == number(prelude, 8)?
        && (PRELUDE_BYTES + CHECKSUM_BYTES..=MAX_MESSAGE_BYTES).contains(&total)
        && headers <= total - PRELUDE_BYTES - CHECKSUM_BYTES;
    if is_sound { Ok(Some(total)) } else { Err(Malformed) }
}

fn read(message: &[u8], event: &mut Event) -> Result<(), Malformed> {
    let end = message.len() - CHECKSUM_BYTES;
    if crc32fast::hash(&message[..end]) as usize != number(message, end)? {
        return Err(Malformed);
    }
    let (headers, payload) = message[PRELUDE_BYTES..end].split_at(number(message, 4)?);
    event.name.clear();
    event.data.clear();
    event.data.push_str(&String::from_utf8_lossy(payload));
    let mut rest = headers;
    while !rest.is_empty() {
        let (name, value);
        (name, value, rest) = header(rest)?;
        // Of an exception the type is told by another header than of an event.
        if matches!(name, b":event-type" | b":exception-type" | b":error-code") {
            event.name = String::from_utf8_lossy(value).into_owned();
        }
    }
    Ok(())
}

/// A header's name and value, and what follows it.
type Header<'a> = (&'a [u8], &'a [u8], &'a [u8]);

/// The first header. The value of a text is the text.
fn header(bytes: &[u8]) -> Result<Header<'_>, Malformed> {
    let (length, rest) = bytes.split_first().ok_or(Malformed)?;
    let (name, rest) = rest.split_at_checked(usize::from(*length)).ok_or(Malformed)?;
    let (kind, rest) = rest.split_first().ok_or(Malformed)?;
    let (size, rest) = match kind {
        0 | 1 => (0, rest),
        2 => (1, rest),
        3 => (2, rest),
        4 => (4, rest),
        5 | 8 => (8, rest),
        9 => (16, rest),
        6 | 7 => {
            let (size, rest) = rest.split_at_checked(2).ok_or(Malformed)?;
            (usize::from(u16::from_be_bytes([size[0], size[1]])), rest)
        }
        _ => return Err(Malformed),
    };
    let (value, rest) = rest.split_at_checked(size).ok_or(Malformed)?;
    Ok((name, value, rest))
}

fn number(bytes: &[u8], at: usize) -> Result<usize, Malformed> {
    let four = bytes.get(at..at + 4).and_then(|four| <[u8; 4]>::try_from(four).ok()).ok_or(Malformed)?;
    usize::try_from(u32::from_be_bytes(four)).map_err(|_| Malformed)
}

/// A message with this type and payload, as AWS writes it.
#[cfg(any(test, feature = "testing"))]
pub(crate) fn message(name: &str, payload: &[u8]) -> Vec<u8> {
    let (kind, about) =
        if name.ends_with("Exception") { ("exception", ":exception-type") } else { ("event", ":event-type") };
    let mut headers = Vec::new();
    for (name, value) in [(about, name), (":content-type", "application/json"), (":message-type", kind)] {
        headers.push(u8::try_from(name.len()).expect("names are short"));
        headers.extend_from_slice(name.as_bytes());
        headers.push(7);
        headers.extend_from_slice(&u16::try_from(value.len()).expect("values are short").to_be_bytes());
        headers.extend_from_slice(value.as_bytes());
    }
    let bytes = |length: usize| u32::try_from(length).expect("messages are short").to_be_bytes();
    let mut message = Vec::new();
    message.extend_from_slice(&bytes(PRELUDE_BYTES + headers.len() + payload.len() + CHECKSUM_BYTES));
    message.extend_from_slice(&bytes(headers.len()));
    message.extend_from_slice(&crc32fast::hash(&message).to_be_bytes());
    message.extend_from_slice(&headers);
    message.extend_from_slice(payload);
    message.extend_from_slice(&crc32fast::hash(&message).to_be_bytes());
    message
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stream() -> Vec<u8> {
        let start = message("messageStart", br#"{"role":"assistant"}"#);
        [start, message("contentBlockDelta", "{\"é\":1}".as_bytes()), message("throttlingException", b"{}")].concat()
    }

    fn events<'a>(chunks: impl IntoIterator<Item = &'a [u8]>) -> Result<Vec<(String, String)>, Malformed> {
        let (mut parser, mut seen) = (Parser::default(), Vec::new());
        for chunk in chunks {
            parser.feed(chunk, |event| seen.push((event.name.clone(), event.data.clone())))?;
        }
        Ok(seen)
    }

    #[test]
    fn every_split_gives_the_same_events() {
        let stream = stream();
        let whole = events([stream.as_slice()]).unwrap();
        let names: Vec<_> = whole.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["messageStart", "contentBlockDelta", "throttlingException"]);
        assert_eq!(whole[1].1, "{\"é\":1}");
        for cut in 0..stream.len() {
            assert_eq!(events([&stream[..cut], &stream[cut..]]).unwrap(), whole, "cut at {cut}");
        }
        assert_eq!(events(stream.chunks(1)).unwrap(), whole);
    }

    /// A message of AWS's own test suite for this format (`awslabs/aws-c-event-stream`, `empty_message`).
    #[test]
    fn the_published_empty_message_is_read() {
        let empty = [0, 0, 0, 0x10, 0, 0, 0, 0, 0x05, 0xc2, 0x48, 0xeb, 0x7d, 0x98, 0xc8, 0xff];
        assert_eq!(events([&empty[..]]), Ok(vec![(String::new(), String::new())]));
    }

    #[test]
    fn every_byte_that_changes_is_noticed() {
        let stream = message("messageStart", br#"{"role":"assistant"}"#);
        for at in 0..stream.len() {
            let mut wrong = stream.clone();
            wrong[at] ^= 0x20;
            // A greater length would wait for more, were it not for the checksum over the lengths.
            assert_eq!(events([wrong.as_slice()]), Err(Malformed), "byte {at}");
        }
    }

    #[test]
    fn bytes_that_are_no_stream_never_panic() {
        let mut random = fastrand::Rng::with_seed(3);
        for _ in 0..2_000 {
            let bytes: Vec<u8> = (0..random.usize(..200)).map(|_| random.u8(..)).collect();
            let _ = events([bytes.as_slice()]);
            let mut headers = bytes.as_slice();
            while let Ok((_, _, rest)) = header(headers) {
                headers = rest;
            }
        }
    }
}
