//! Providers whose host depends on what is called: a region, a resource, a deployment. Callers write that in front of the
//! path, as the reference has it: `bedrock-runtime/{region}/model/…`, `{resource}/{deployment}/chat/completions`.

use serde::Deserialize;

/// One kind of host.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Place {
    /// How paths that lead there begin: `{}` stands for what goes into the base URL, `*` for any segment.
    pub(super) path: &'static str,
    /// Where they lead.
    pub(super) base_url: &'static str,
    /// Whether that beginning is a part of the path there, too.
    #[serde(default)]
    pub(super) keeps_path: bool,
}

/// Where a path leads.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Found<'p> {
    pub(super) base_url: String,
    pub(super) path: &'p str,
}

impl Place {
    /// Where `path` leads, if it begins like paths of this kind.
    pub(super) fn find<'p>(&self, path: &'p str) -> Option<Found<'p>> {
        let (mut rest, mut name) = (path, "");
        for pattern in self.path.split('/') {
            let (segment, after) = rest.split_once('/').unwrap_or((rest, ""));
            match pattern.split_once("{}") {
                Some((before, behind)) => {
                    name = segment.strip_prefix(before)?.strip_suffix(behind).filter(|name| is_name(name))?;
                }
                None if pattern == "*" && !segment.is_empty() || pattern == segment => {}
                None => return None,
            }
            rest = after;
        }
        let base_url = self.base_url.replacen("{}", name, 1);
        Some(Found { base_url, path: if self.keeps_path { path } else { rest } })
    }

    /// The path by which the same is called that an SDK calls at `url`.
    pub(super) fn path_of(&self, url: &str) -> Option<String> {
        let host_end = url.find("://")? + 3;
        let host_end = url[host_end..].find(['/', '?']).map_or(url.len(), |length| host_end + length);
        // Hosts have no upper and lower case.
        let (base_url, rest) = (url[..host_end].to_ascii_lowercase(), &url[host_end..]);
        let name = match self.base_url.split_once("{}") {
            Some((before, behind)) => {
                base_url.strip_prefix(before)?.strip_suffix(behind).filter(|name| is_name(name))?
            }
            None if base_url == self.base_url => "",
            None => return None,
        };
        let rest = rest.strip_prefix('/').unwrap_or(rest);
        if self.keeps_path {
            return self.find(rest).map(|_| rest.to_owned());
        }
        let start = self.path.replacen("{}", name, 1);
        Some(if rest.is_empty() || rest.starts_with('?') {
            format!("{start}{rest}")
        } else {
            format!("{start}/{rest}")
        })
    }
}

/// Names go into a host, so nothing may stand in them that would make it another one.
fn is_name(name: &str) -> bool {
    let letters = name.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '-');
    letters && (1..=63).contains(&name.len()) && !name.starts_with('-')
}

#[cfg(test)]
mod tests {
    use super::*;

    const BEDROCK: Place =
        Place { path: "bedrock-runtime/{}", base_url: "https://bedrock-runtime.{}.amazonaws.com", keeps_path: false };
    const VERTEX: Place =
        Place { path: "*/projects/*/locations/{}", base_url: "https://{}-aiplatform.googleapis.com", keeps_path: true };

    #[test]
    fn a_path_leads_to_its_host_and_the_url_back_to_the_path() {
        for (place, path, url) in [
            (
                &BEDROCK,
                "bedrock-runtime/eu-west-1/model/a:0/invoke",
                "https://bedrock-runtime.eu-west-1.amazonaws.com/model/a:0/invoke",
            ),
            (&BEDROCK, "bedrock-runtime/eu-west-1", "https://bedrock-runtime.eu-west-1.amazonaws.com"),
            (
                &VERTEX,
                "v1/projects/p/locations/us-east5/x",
                "https://us-east5-aiplatform.googleapis.com/v1/projects/p/locations/us-east5/x",
            ),
        ] {
            let found = place.find(path).unwrap();
            let there =
                if found.path.is_empty() { found.base_url } else { format!("{}/{}", found.base_url, found.path) };
            assert_eq!(there, url);
            assert_eq!(place.path_of(url).as_deref(), Some(path));
        }
    }

    #[test]
    fn no_name_makes_another_host() {
        for name in ["", "a.b", "evil.test#", "a@b", "a%2f", "-x", "é", &"a".repeat(64)] {
            assert_eq!(BEDROCK.find(&format!("bedrock-runtime/{name}/model")), None, "{name}");
        }
        for url in [
            "https://bedrock-runtime..amazonaws.com/x",
            "https://bedrock-runtime.a.b.amazonaws.com/x",
            "https://bedrock-runtime.a.amazonaws.com.evil.test/x",
            "https://bedrock-runtime.a.amazonaws.com@evil.test/x",
            "http://bedrock-runtime.a.amazonaws.com/x",
            "https://us-aiplatform.googleapis.com/v1/models",
        ] {
            assert_eq!((BEDROCK.path_of(url), VERTEX.path_of(url)), (None, None), "{url}");
        }
    }
}
