//! A profile in AWS's shared files.
//! <https://docs.aws.amazon.com/sdkref/latest/guide/file-format.html>

use std::path::{Path, PathBuf};

use super::keys::Keys;
use crate::error::Error;
use crate::secret::Secret;

/// Which profile, and where its keys are.
#[derive(Debug)]
pub(super) struct Profile {
    name: String,
    /// Whether the user named it: then it has to be there.
    is_named: bool,
    file: PathBuf,
}

impl Profile {
    /// `AWS_PROFILE` in `AWS_SHARED_CREDENTIALS_FILE`, or what AWS's SDKs take without them.
    pub(super) fn of(environment: &dyn Fn(&str) -> Option<String>) -> Option<Self> {
        let home = || environment("HOME").or_else(|| environment("USERPROFILE"));
        let file = environment("AWS_SHARED_CREDENTIALS_FILE")
            .map(PathBuf::from)
            .or_else(|| Some(Path::new(&home()?).join(".aws").join("credentials")))?;
        let named = environment("AWS_PROFILE").map(|name| name.trim().to_owned());
        Some(Self { is_named: named.is_some(), name: named.unwrap_or_else(|| "default".to_owned()), file })
    }

    pub(super) fn read(&self) -> Result<Option<Keys>, Error> {
        let keys = match std::fs::read_to_string(&self.file) {
            Ok(text) => find(&text, &self.name),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => None,
            Err(error) => {
                let message = format!("{} cannot be read: {error}", self.file.display());
                return Err(Error::config("providers.aws-bedrock.key", message));
            }
        };
        if keys.is_none() && self.is_named {
            let message = format!("no keys for the profile {:?} in {}", self.name, self.file.display());
            return Err(Error::config("providers.aws-bedrock.key", message));
        }
        Ok(keys)
    }
}

fn find(text: &str, name: &str) -> Option<Keys> {
    let (mut id, mut secret, mut token, mut region) = (None, None, None, None);
    let mut within = false;
    for line in text.lines().map(str::trim) {
        if line.starts_with(['#', ';']) {
            continue;
        }
        if let Some(section) = line.strip_prefix('[').and_then(|line| line.split(']').next()) {
            let section = section.trim();
            within = section == name || section.strip_prefix("profile ").is_some_and(|section| section.trim() == name);
        } else if let Some((key, value)) = line.split_once('=').filter(|_| within) {
            let value = value.trim();
            match key.trim() {
                "aws_access_key_id" => id = Some(value.to_owned()),
                "aws_secret_access_key" => secret = Some(Secret::new(value)),
                "aws_session_token" => token = Some(Secret::new(value)),
                "region" => region = Some(value.to_owned()),
                _ => {}
            }
        }
    }
    Some(Keys { access_key_id: id?, secret_access_key: secret?, session_token: token, region })
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = "# mine\n[default]\naws_access_key_id = A1\naws_secret_access_key=s=1\n\n[profile work]\n\
                        aws_access_key_id=A2\r\naws_secret_access_key = s2\naws_session_token= t2\nregion = eu-west-1\n[empty]\n";

    #[test]
    fn a_profile_is_found_by_its_name() {
        let keys = find(FILE, "default").unwrap();
        assert_eq!((keys.access_key_id.as_str(), keys.secret_access_key.expose()), ("A1", "s=1"));
        assert!(keys.session_token.is_none() && keys.region.is_none());
        let keys = find(FILE, "work").unwrap();
        assert_eq!((keys.access_key_id.as_str(), keys.region.as_deref()), ("A2", Some("eu-west-1")));
        assert_eq!(keys.session_token.unwrap().expose(), "t2");
        assert!(find(FILE, "empty").is_none() && find(FILE, "none").is_none() && find("", "default").is_none());
    }

    #[test]
    fn a_profile_that_was_named_has_to_be_there() {
        let named = |name: &str| match name {
            "AWS_PROFILE" => Some("work".to_owned()),
            "AWS_SHARED_CREDENTIALS_FILE" => Some("/nowhere/at/all".to_owned()),
            _ => None,
        };
        assert!(Profile::of(&named).unwrap().read().unwrap_err().to_string().contains("work"));
        let usual = |name: &str| (name == "HOME").then(|| "/nowhere/at/all".to_owned());
        assert!(Profile::of(&usual).unwrap().read().unwrap().is_none());
        assert!(Profile::of(&|_| None).is_none());
    }
}
