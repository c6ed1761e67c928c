//! `multipart/form-data`, read whole. Format: RFC 7578 over RFC 2046, section 5.1.

use std::collections::BTreeMap;

use memchr::memmem;
use serde::Serialize;

/// The parts of a form.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Form {
    /// Parts without a file name, by their names.
    pub fields: BTreeMap<String, String>,
    /// Parts with a file name.
    pub files: Vec<File>,
}

/// An uploaded file, without its content.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct File {
    /// The form's name for it.
    pub field: String,
    /// The file's own name.
    pub filename: String,
    /// Its type, `application/octet-stream` when none is given.
    pub content_type: String,
    /// Its size in bytes.
    pub bytes: usize,
}

impl Form {
    /// The form in `body`, if `content_type` says that there is one.
    pub(crate) fn read(content_type: &str, body: &[u8]) -> Option<Self> {
        let parameters = content_type.strip_prefix("multipart/form-data")?;
        let boundary = parameter(parameters, "boundary")?;
        let mut form = Self::default();
        for part in parts(body, &boundary) {
            form.take(part);
        }
        Some(form)
    }

    fn take(&mut self, part: &[u8]) {
        let Some(end) = memmem::find(part, b"\r\n\r\n") else { return };
        let (head, content) = (String::from_utf8_lossy(&part[..end]), &part[end + 4..]);
        let header = |name: &str| {
            head.lines().find_map(|line| {
                let (known, value) = line.split_once(':')?;
                known.trim().eq_ignore_ascii_case(name).then(|| value.trim().to_owned())
            })
        };
        let disposition = header("content-disposition").unwrap_or_default();
        let field = parameter(&disposition, "name").unwrap_or_default();
        match parameter(&disposition, "filename") {
            None => drop(self.fields.insert(field, String::from_utf8_lossy(content).into_owned())),
            Some(filename) => self.files.push(File {
                field,
                filename,
                content_type: header("content-type").unwrap_or_else(|| "application/octet-stream".into()),
                bytes: content.len(),
            }),
        }
    }
}

/// What stands between two delimiter lines; a part that has no closing delimiter is left out.
fn parts<'a>(body: &'a [u8], boundary: &str) -> Vec<&'a [u8]> {
    let delimiter = format!("--{boundary}");
    let starts: Vec<usize> = memmem::find_iter(body, delimiter.as_bytes()).collect();
    starts
        .windows(2)
        .filter_map(|pair| body[pair[0] + delimiter.len()..pair[1]].strip_prefix(b"\r\n")?.strip_suffix(b"\r\n"))
        .collect()
}

/// `name="value"` or `name=value` among parameters that `;` separates.
fn parameter(header: &str, name: &str) -> Option<String> {
    header.split(';').find_map(|pair| {
        let (known, value) = pair.trim().split_once('=')?;
        known.eq_ignore_ascii_case(name).then(|| value.trim_matches('"').to_owned())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_and_files_are_told_apart() {
        let body = "--x\r\nContent-Disposition: form-data; name=\"model\"\r\n\r\nwhisper-1\r\n\
             --x\r\ncontent-disposition: form-data; name=\"file\"; filename=\"a b.mp3\"\r\n\
             Content-Type: audio/mpeg\r\n\r\none\r\ntwo\r\n--x--\r\n";
        let form = Form::read("multipart/form-data; boundary=x", body.as_bytes()).unwrap();
        assert_eq!(form.fields["model"], "whisper-1");
        let file = File {
            field: "file".into(),
            filename: "a b.mp3".into(),
            content_type: "audio/mpeg".into(),
            bytes: "one\r\ntwo".len(),
        };
        assert_eq!(form.files, [file]);
        assert_eq!(Form::read("application/json", b"{}"), None);
    }
}
