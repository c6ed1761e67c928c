//! Texts in one spelling: only what must be escaped is, and always in the same way.

use memchr::memchr2;

/// `text` as a JSON text in its one spelling.
pub(super) fn quoted(text: &str) -> Vec<u8> {
    let mut out = vec![b'"'];
    text.bytes().for_each(|byte| push(byte, &mut out));
    out.push(b'"');
    out
}

/// The length of the text that `json` begins with, quotes included, if it is in its one spelling and escapes nothing.
pub(super) fn plain_length(json: &[u8]) -> Option<usize> {
    let end = 1 + memchr2(b'"', b'\\', &json[1..])?;
    (json[end] == b'"' && json[1..end].iter().all(|byte| *byte >= b' ')).then_some(end + 1)
}

/// Adds the one spelling of the text that `json` begins with, quotes included, and tells its length; `None` if it is no text.
pub(super) fn spell(json: &[u8], out: &mut Vec<u8>) -> Option<usize> {
    let mut at = 1;
    out.push(b'"');
    loop {
        let end = at + memchr2(b'"', b'\\', &json[at..])?;
        let plain = &json[at..end];
        if plain.iter().any(|byte| *byte < b' ') {
            return None;
        }
        out.extend_from_slice(plain);
        if json[end] == b'"' {
            out.push(b'"');
            return Some(end + 1);
        }
        at = end + 1 + unescape(&json[end + 1..], out)?;
    }
}

/// Adds what stands after a backslash, and tells how long that is.
fn unescape(rest: &[u8], out: &mut Vec<u8>) -> Option<usize> {
    let byte = match rest.first()? {
        byte @ (b'"' | b'\\' | b'/') => *byte,
        b'b' => 0x08,
        b'f' => 0x0c,
        b'n' => b'\n',
        b'r' => b'\r',
        b't' => b'\t',
        b'u' => return unicode(rest, out),
        _ => return None,
    };
    push(byte, out);
    Some(1)
}

fn unicode(rest: &[u8], out: &mut Vec<u8>) -> Option<usize> {
    let unit = unit(rest.get(1..5)?)?;
    if let (0xd800..0xdc00, Some(b"\\u")) = (unit, rest.get(5..7))
        && let Some(low @ 0xdc00..0xe000) = rest.get(7..11).and_then(self::unit)
        && let Some(character) = char::from_u32(0x1_0000 + ((unit - 0xd800) << 10) + (low - 0xdc00))
    {
        out.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
        return Some(11);
    }
    match char::from_u32(unit) {
        Some(character) => character.encode_utf8(&mut [0; 4]).bytes().for_each(|byte| push(byte, out)),
        // Half of a pair is no character, and stays what it is.
        None => out.extend_from_slice(format!("\\u{unit:04x}").as_bytes()),
    }
    Some(5)
}

fn unit(digits: &[u8]) -> Option<u32> {
    digits.iter().try_fold(0, |unit, digit| Some(unit << 4 | char::from(*digit).to_digit(16)?))
}

fn push(byte: u8, out: &mut Vec<u8>) {
    match byte {
        b'"' | b'\\' => out.extend_from_slice(&[b'\\', byte]),
        0..b' ' => out.extend_from_slice(format!("\\u{byte:04x}").as_bytes()),
        _ => out.push(byte),
    }
}
