//! Numbers in one spelling: `1`, `1.0` and `1e0` are the same. All of it is text, so nothing is rounded.

/// A whole number with more zeros at its end is written with an exponent.
const MAX_ZEROS: i64 = 20;
/// Far beyond what any reader takes, and far from what could overflow here.
const MAX_EXPONENT: i64 = 1 << 40;

/// Adds the one spelling of the number that `text` begins with, and tells its length; `None` if there is none.
pub(super) fn spell(text: &[u8], out: &mut Vec<u8>) -> Option<usize> {
    let digits = |from: usize| text[from..].iter().take_while(|byte| byte.is_ascii_digit()).count();
    let sign = usize::from(text.first() == Some(&b'-'));
    let whole = sign..sign + digits(sign);
    if whole.is_empty() || text[whole.start] == b'0' && whole.len() > 1 {
        return None;
    }
    let mut end = whole.end;
    let mut fraction = end..end;
    if text.get(end) == Some(&b'.') {
        fraction = end + 1..end + 1 + digits(end + 1);
        end = fraction.end;
        if fraction.is_empty() {
            return None;
        }
    }
    let mut exponent = 0;
    if let Some(b'e' | b'E') = text.get(end) {
        let signed = end + 1 + usize::from(matches!(text.get(end + 1), Some(b'+' | b'-')));
        let length = digits(signed);
        if length == 0 {
            return None;
        }
        let written = std::str::from_utf8(&text[end + 1..signed + length]).ok()?;
        end = signed + length;
        // One that no computer holds is left as it is written.
        let Some(known) = written.parse().ok().filter(|known| (-MAX_EXPONENT..MAX_EXPONENT).contains(known)) else {
            out.extend_from_slice(&text[..end]);
            return Some(end);
        };
        exponent = known;
    }
    if end == whole.end {
        out.extend_from_slice(&text[..end]);
        return Some(end);
    }
    exponent -= i64::try_from(fraction.len()).ok()?;
    out.extend_from_slice(&text[..sign]);
    let start = out.len();
    out.extend_from_slice(&text[whole]);
    out.extend_from_slice(&text[fraction]);
    let leading = out[start..].iter().take_while(|digit| **digit == b'0').count();
    out.drain(start..start + leading);
    while out.len() > start && out.last() == Some(&b'0') {
        out.pop();
        exponent += 1;
    }
    if out.len() == start {
        out.push(b'0');
    } else if (0..=MAX_ZEROS).contains(&exponent) {
        (0..exponent).for_each(|_| out.push(b'0'));
    } else {
        out.extend_from_slice(format!("e{exponent}").as_bytes());
    }
    Some(end)
}
