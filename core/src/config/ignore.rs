//! Fields that a cache key leaves out, as people write them.

use crate::error::Error;

/// What OpenAI documents as being for its own bookkeeping: who asked, and which of its machines may remember the beginning of
/// a prompt. `user` and `metadata` are not among them: there are servers whose answer they decide.
pub(super) const USUAL: [&str; 3] = ["prompt_cache_key", "prompt_cache_retention", "safety_identifier"];

/// Without these all questions would be one.
const DECISIVE: [&str; 7] = ["*", "contents", "input", "messages", "model", "prompt", "stream"];

const MAX_PATHS: usize = 64;

/// The names in a path, from the top down. `~1` stands for a slash in a name and `~0` for a tilde, as in RFC 6901.
pub(super) fn names(path: &str) -> Vec<String> {
    let path = path.strip_prefix('/').unwrap_or(path);
    path.split('/').map(|name| name.replace("~1", "/").replace("~0", "~")).collect()
}

pub(super) fn validate(paths: &[String]) -> Result<(), Error> {
    if paths.len() > MAX_PATHS {
        return Err(Error::config("cache.ignore", format!("{} fields are more than {MAX_PATHS}", paths.len())));
    }
    for (index, path) in paths.iter().enumerate() {
        let names = names(path);
        let message = if names.iter().any(String::is_empty) {
            format!("{path:?} is no field; write it as \"user\" or \"metadata/user_id\"")
        } else if names.len() == 1 && DECISIVE.contains(&&*names[0]) {
            format!(
                "{path:?} decides the answer; to give one answer to several questions name a key (cf-aig-cache-key)"
            )
        } else if names.last().is_some_and(|name| name == "*") {
            format!("{path:?} ends with \"*\"; name the field that is left out")
        } else {
            continue;
        };
        return Err(Error::config(format!("cache.ignore[{index}]"), message));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_names_from_the_top_down() {
        assert_eq!(names("user"), ["user"]);
        assert_eq!(names("/metadata/user_id"), ["metadata", "user_id"]);
        assert_eq!(names("messages/*/a~1b~01"), ["messages", "*", "a/b~1"]);
    }

    #[test]
    fn what_would_make_all_questions_one_is_refused() {
        let refused = |path: &str| {
            let error = validate(&["user".to_owned(), path.to_owned()]).unwrap_err();
            assert_eq!(error.field(), Some("cache.ignore[1]"), "{path}");
            error.message().to_owned()
        };
        assert!(refused("messages").contains("cf-aig-cache-key"));
        for path in ["", "/", "a//b", "a/", "model", "/stream", "*", "a/*"] {
            refused(path);
        }
        assert_eq!(validate(&vec!["user".to_owned(); 65]).unwrap_err().field(), Some("cache.ignore"));
        assert!(validate(&["messages/*/name".to_owned()]).is_ok() && validate(&[]).is_ok());
    }
}
