//! Server-sent events, cut out of chunks that may break anywhere.
//! Format: <https://html.spec.whatwg.org/multipage/server-sent-events.html#parsing-an-event-stream>

use memchr::memchr2;

/// What is longer than this is no event; it would only fill memory.
const MAX_EVENT_BYTES: usize = 8 << 20;

/// One event: its name (empty when none was given) and its data lines joined by `\n`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Event {
    /// The `event:` field.
    pub(crate) name: String,
    /// The `data:` fields.
    pub(crate) data: String,
}

/// Gathers bytes and hands out whole events.
#[derive(Debug, Default)]
pub(crate) struct Parser {
    line: Vec<u8>,
    event: Event,
    has_data: bool,
    after_cr: bool,
    started: bool,
}

/// The stream has a line, or an event of many lines, over the bound.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct TooLong;

impl Parser {
    /// Takes a chunk and calls `each` for every event that it completes.
    ///
    /// # Errors
    /// [`TooLong`] when an event passes 8 MiB.
    pub(crate) fn feed(&mut self, mut chunk: &[u8], mut each: impl FnMut(&Event)) -> Result<(), TooLong> {
        while !chunk.is_empty() {
            if std::mem::take(&mut self.after_cr) && chunk[0] == b'\n' {
                chunk = &chunk[1..];
                continue;
            }
            let Some(end) = memchr2(b'\n', b'\r', chunk) else {
                self.line.extend_from_slice(chunk);
                return if self.line.len() > MAX_EVENT_BYTES { Err(TooLong) } else { Ok(()) };
            };
            self.after_cr = chunk[end] == b'\r';
            if self.line.is_empty() {
                self.take_line(&chunk[..end], &mut each);
            } else {
                self.line.extend_from_slice(&chunk[..end]);
                let line = std::mem::take(&mut self.line);
                self.take_line(&line, &mut each);
                self.line = line;
                self.line.clear();
            }
            if self.event.data.len() > MAX_EVENT_BYTES {
                return Err(TooLong);
            }
            chunk = &chunk[end + 1..];
        }
        Ok(())
    }

    fn take_line(&mut self, mut line: &[u8], each: &mut impl FnMut(&Event)) {
        if !std::mem::replace(&mut self.started, true) {
            line = line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(line);
        }
        if line.is_empty() {
            if std::mem::take(&mut self.has_data) {
                each(&self.event);
            }
            self.event.name.clear();
            self.event.data.clear();
            return;
        }
        let (field, value) = match memchr::memchr(b':', line) {
            Some(colon) => (&line[..colon], line[colon + 1..].strip_prefix(b" ").unwrap_or(&line[colon + 1..])),
            None => (line, &b""[..]),
        };
        match field {
            b"data" => {
                if std::mem::replace(&mut self.has_data, true) {
                    self.event.data.push('\n');
                }
                match std::str::from_utf8(value) {
                    Ok(text) => self.event.data.push_str(text),
                    Err(_) => self.event.data.push_str(&String::from_utf8_lossy(value)),
                }
            }
            b"event" => self.event.name = String::from_utf8_lossy(value).into_owned(),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STREAM: &[u8] =
        "\u{feff}: hello\r\nevent: a\ndata: 1\rdata:2\r\n\r\ndata: {\"x\":\"\u{e9}\"}\n\nevent: lost\n\ndata: end\n\n"
            .as_bytes();

    fn events(chunks: impl Iterator<Item = Vec<u8>>) -> Vec<Event> {
        let (mut parser, mut seen) = (Parser::default(), Vec::new());
        for chunk in chunks {
            parser.feed(&chunk, |event| seen.push(event.clone())).unwrap();
        }
        seen
    }

    #[test]
    fn every_split_gives_the_same_events() {
        let whole = events(std::iter::once(STREAM.to_vec()));
        assert_eq!(whole.iter().map(|e| e.data.as_str()).collect::<Vec<_>>(), ["1\n2", "{\"x\":\"\u{e9}\"}", "end"]);
        assert_eq!((whole[0].name.as_str(), whole[1].name.as_str(), whole[2].name.as_str()), ("a", "", ""));
        for cut in 0..STREAM.len() {
            assert_eq!(events([STREAM[..cut].to_vec(), STREAM[cut..].to_vec()].into_iter()), whole, "cut at {cut}");
        }
        assert_eq!(events(STREAM.iter().map(|byte| vec![*byte])), whole);
    }

    #[test]
    fn an_endless_line_is_refused() {
        let mut parser = Parser::default();
        assert_eq!(parser.feed(&vec![b'x'; MAX_EVENT_BYTES + 1], |_| {}), Err(TooLong));
    }

    #[test]
    fn an_endless_event_is_refused() {
        let (mut parser, line) = (Parser::default(), format!("data: {}\n", "x".repeat(1 << 20)));
        let mut feed = || parser.feed(line.as_bytes(), |_| {});
        assert_eq!((0..7).map(|_| feed()).collect::<Result<Vec<_>, _>>().map(|fed| fed.len()), Ok(7));
        assert_eq!(feed(), Err(TooLong));
    }
}
