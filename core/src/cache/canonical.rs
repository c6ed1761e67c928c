//! A JSON body in one spelling, so that equal requests are the same bytes: fields in order, no blanks, numbers and texts
//! written one way. Nothing is rounded: two bodies have the same spelling only if they say the same.

mod number;
mod text;

use std::ops::Range;

use sha2::{Digest, Sha256};

/// Bodies that are nested deeper are compared byte for byte, as those that are no JSON.
const MAX_DEPTH: usize = 128;
/// A text longer than this stands as its digest: a picture in a message is not copied.
const MAX_TEXT_BYTES: usize = 1 << 10;

/// Fields that are left out of a key.
#[derive(Clone, Debug, Default)]
pub(crate) struct Ignored {
    /// By the names from the top down, in their one spelling; `None` stands for any.
    paths: Vec<Vec<Option<Vec<u8>>>>,
}

impl Ignored {
    /// Those at these paths, each a list of names from the top down, where `*` is any name and each item of a list. At
    /// most 64, which the configuration sees to.
    pub(crate) fn new<S: AsRef<str>>(paths: impl IntoIterator<Item = Vec<S>>) -> Self {
        let name = |name: &S| (name.as_ref() != "*").then(|| text::quoted(name.as_ref()));
        Self { paths: paths.into_iter().map(|path| path.iter().map(name).collect()).collect() }
    }

    /// All of them, as bits.
    fn all(&self) -> u64 {
        1_u64.checked_shl(u32::try_from(self.paths.len()).unwrap_or(u32::MAX)).unwrap_or(0).wrapping_sub(1)
    }

    /// Of the paths that lead here, which go on below the field of this name (`None`: an item of a list); `None` if one
    /// ends with it.
    fn below(&self, leading: u64, depth: usize, name: Option<&[u8]>) -> Option<u64> {
        let mut below = 0;
        for (index, path) in self.paths.iter().enumerate().take(64).filter(|(index, _)| leading >> index & 1 == 1) {
            let goes_on = match &path[depth] {
                None => true,
                Some(wanted) => name.is_some_and(|name| name == &wanted[..]),
            };
            if goes_on && path.len() == depth + 1 {
                return None;
            }
            below |= u64::from(goes_on && path.len() > depth + 1) << index;
        }
        Some(below)
    }
}

/// Adds the one spelling of `body` to a digest, without the fields that are ignored. Says no, and adds nothing, if the body
/// is no JSON.
pub(crate) fn digest(body: &[u8], ignored: &Ignored, digest: &mut Sha256) -> bool {
    let Some(spelled) = Spelling::of(body, ignored) else { return false };
    if spelled.members.is_empty() {
        digest.update(&spelled.out);
    }
    for member in &spelled.members {
        digest.update(&spelled.out[member.clone()]);
    }
    true
}

struct Spelling<'a> {
    body: &'a [u8],
    at: usize,
    ignored: &'a Ignored,
    out: Vec<u8>,
    /// The members of the objects that are open; at the end those of the outermost one, in order.
    members: Vec<Range<usize>>,
    /// Where the values of those members begin.
    values: Vec<usize>,
    scratch: Vec<u8>,
}

impl<'a> Spelling<'a> {
    fn of(body: &'a [u8], ignored: &'a Ignored) -> Option<Self> {
        std::str::from_utf8(body).ok()?;
        let mut spelling = Self {
            body,
            at: 0,
            ignored,
            out: Vec::with_capacity(body.len().min(4 << 10)),
            members: Vec::new(),
            values: Vec::new(),
            scratch: Vec::new(),
        };
        spelling.blanks();
        spelling.value(0, ignored.all())?;
        spelling.blanks();
        (spelling.at == body.len()).then_some(spelling)
    }

    fn blanks(&mut self) {
        while let Some(b' ' | b'\n' | b'\r' | b'\t') = self.body.get(self.at) {
            self.at += 1;
        }
    }

    /// Takes this byte if it comes next.
    fn take(&mut self, byte: u8) -> Option<()> {
        (self.body.get(self.at) == Some(&byte)).then(|| self.at += 1)
    }

    fn value(&mut self, depth: usize, leading: u64) -> Option<()> {
        if depth > MAX_DEPTH {
            return None;
        }
        match self.body.get(self.at)? {
            b'{' => self.object(depth, leading),
            b'[' => self.list(depth, leading),
            b'"' => self.text(),
            b't' => self.word(b"true"),
            b'f' => self.word(b"false"),
            b'n' => self.word(b"null"),
            _ => {
                self.at += number::spell(&self.body[self.at..], &mut self.out)?;
                Some(())
            }
        }
    }

    fn word(&mut self, word: &[u8]) -> Option<()> {
        self.body[self.at..].starts_with(word).then(|| {
            self.at += word.len();
            self.out.extend_from_slice(word);
        })
    }

    /// A long text stands as its digest. No other value begins like one.
    fn text(&mut self) -> Option<()> {
        let (rest, start) = (&self.body[self.at..], self.out.len());
        let digest = match text::plain_length(rest) {
            Some(length) if length > MAX_TEXT_BYTES => {
                self.at += length;
                Some(Sha256::digest(&rest[..length]))
            }
            _ => {
                self.at += text::spell(rest, &mut self.out)?;
                let spelled = &self.out[start..];
                (spelled.len() > MAX_TEXT_BYTES).then(|| Sha256::digest(spelled))
            }
        };
        if let Some(digest) = digest {
            self.out.truncate(start);
            self.out.push(b'#');
            self.out.extend_from_slice(&digest);
        }
        Some(())
    }

    fn list(&mut self, depth: usize, leading: u64) -> Option<()> {
        self.at += 1;
        self.out.push(b'[');
        self.blanks();
        if self.take(b']').is_none() {
            loop {
                let below = if leading == 0 { 0 } else { self.ignored.below(leading, depth, None).unwrap_or(0) };
                self.blanks();
                self.value(depth + 1, below)?;
                self.out.push(b',');
                self.blanks();
                if self.take(b',').is_none() {
                    self.take(b']')?;
                    break;
                }
            }
        }
        self.out.push(b']');
        Some(())
    }

    fn object(&mut self, depth: usize, leading: u64) -> Option<()> {
        self.at += 1;
        let (start, first) = (self.out.len(), self.members.len());
        self.out.push(b'{');
        self.blanks();
        if self.take(b'}').is_none() {
            loop {
                self.blanks();
                self.member(depth, leading)?;
                self.blanks();
                if self.take(b',').is_none() {
                    self.take(b'}')?;
                    break;
                }
            }
        }
        self.sort(first);
        if depth > 0 {
            self.arrange(start + 1, first);
        } else if !self.members.is_empty() {
            // What tells an object from a list with the same within; the outermost is not arranged but read in order.
            self.members.insert(0, start..start + 1);
            self.values.insert(0, start);
        }
        self.out.push(b'}');
        Some(())
    }

    fn member(&mut self, depth: usize, leading: u64) -> Option<()> {
        let start = self.out.len();
        if self.body.get(self.at) != Some(&b'"') {
            return None;
        }
        self.at += text::spell(&self.body[self.at..], &mut self.out)?;
        let below = match leading {
            0 => Some(0),
            leading => self.ignored.below(leading, depth, Some(&self.out[start..])),
        };
        let value = self.out.len();
        self.blanks();
        self.take(b':')?;
        self.blanks();
        self.out.push(b':');
        self.value(depth + 1, below.unwrap_or(0))?;
        self.out.push(b',');
        if below.is_some() {
            self.members.push(start..self.out.len());
            self.values.push(value);
        } else {
            self.out.truncate(start);
        }
        Some(())
    }

    /// Brings the members from number `first` on into the order of their names. Those of one name stay as they stood, for
    /// readers differ in which of them holds.
    fn sort(&mut self, first: usize) {
        let Self { out, members, values, .. } = self;
        let name = |member: &Range<usize>, value: usize| &out[member.start..value];
        let names = members[first..].iter().zip(&values[first..]).map(|(member, value)| name(member, *value));
        if names.is_sorted() {
            return;
        }
        let mut sorted: Vec<_> = members.drain(first..).zip(values.drain(first..)).collect();
        sorted.sort_by(|(member, value), (other, other_value)| name(member, *value).cmp(name(other, *other_value)));
        for (member, value) in sorted {
            members.push(member);
            values.push(value);
        }
    }

    /// Writes the members from number `first` on in their order, from `start` on, and forgets them.
    fn arrange(&mut self, start: usize, first: usize) {
        let is_arranged = self.members[first..].is_sorted_by_key(|member| member.start);
        if !is_arranged {
            self.scratch.clear();
            for member in &self.members[first..] {
                self.scratch.extend_from_slice(&self.out[member.clone()]);
            }
            self.out.truncate(start);
            self.out.extend_from_slice(&self.scratch);
        }
        self.members.truncate(first);
        self.values.truncate(first);
    }
}

#[cfg(test)]
mod tests;
