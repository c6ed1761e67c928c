//! How the names of models are brought to those that price lists have.

/// The names to look under, best first, each with the provider whose model it would be: the name itself, then without the
/// mark of a snapshot, then both without a provider in front.
pub(super) fn candidates<'a>(provider: &'a str, model: &'a str) -> Vec<(&'a str, &'a str)> {
    let mut names = vec![(provider, model)];
    names.extend(without_snapshot(model).map(|name| (provider, name)));
    if let Some((prefix, bare)) = model.split_once('/') {
        for owner in [provider, prefix] {
            names.push((owner, bare));
            names.extend(without_snapshot(bare).map(|name| (owner, name)));
        }
    }
    names
}

/// Without `-2024-07-18`, `-20250929`, `-001` or `-latest` at its end.
fn without_snapshot(model: &str) -> Option<&str> {
    if let Some(name) = model.strip_suffix("-latest") {
        return Some(name);
    }
    let name = model.trim_end_matches(|letter: char| letter == '-' || letter.is_ascii_digit());
    ["-dddd-dd-dd", "-dddddddd", "-ddd"].iter().find_map(|pattern| {
        let at = model.len().checked_sub(pattern.len()).filter(|at| *at >= name.len())?;
        let matches = model[at..].bytes().zip(pattern.bytes()).all(|(letter, like)| (letter == b'-') == (like == b'-'));
        matches.then(|| &model[..at])
    })
}

/// Whether `name` is as `pattern` says, in which `*` stands for anything and `#` for a digit. Upper and lower case are
/// alike.
pub(super) fn matches(pattern: &str, name: &str) -> bool {
    let (pattern, name) = (pattern.as_bytes(), name.as_bytes());
    let (mut at, mut from) = (0, 0);
    // Where the last `*` stands, and how much of the name it has taken.
    let mut star: Option<(usize, usize)> = None;
    while from < name.len() {
        match pattern.get(at) {
            Some(b'*') => {
                star = Some((at, from));
                at += 1;
            }
            Some(like) if is_like(*like, name[from]) => (at, from) = (at + 1, from + 1),
            _ => {
                let Some((before, taken)) = star else { return false };
                star = Some((before, taken + 1));
                (at, from) = (before + 1, taken + 1);
            }
        }
    }
    pattern[at..].iter().all(|like| *like == b'*')
}

fn is_like(like: u8, letter: u8) -> bool {
    if like == b'#' { letter.is_ascii_digit() } else { like.eq_ignore_ascii_case(&letter) }
}

/// Whether it is a pattern, and not a name.
pub(super) fn is_pattern(name: &str) -> bool {
    name.contains(['*', '#'])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns() {
        for (pattern, name, expected) in [
            ("gpt-4o", "gpt-4o", true),
            ("gpt-4o", "GPT-4o", true),
            ("gpt-4o", "gpt-4o-mini", false),
            ("gpt-4o*", "gpt-4o-mini", true),
            ("*", "", true),
            ("*us.claude*", "arn/us.claude-5", true),
            ("*us.claude*", "us.claud", false),
            ("a*b*c", "abbbc", true),
            ("a*b*c", "abbbcd", false),
            ("x-####-##", "x-2026-11", true),
            ("x-####-##", "x-2026-1a", false),
            ("x-##", "x-2", false),
        ] {
            assert_eq!(matches(pattern, name), expected, "{pattern} {name}");
        }
        assert!(!matches(&"*a".repeat(200), &"a".repeat(150)), "and does not take for ever");
    }
}
