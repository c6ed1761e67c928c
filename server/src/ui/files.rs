//! The files of the dashboard, as they are in `server/ui`.

const HTML: &str = "text/html; charset=utf-8";
const CSS: &str = "text/css; charset=utf-8";
const JS: &str = "text/javascript; charset=utf-8";

macro_rules! files {
    ($($path:literal $kind:ident),* $(,)?) => {
        [$(($path, $kind, include_bytes!(concat!("../../ui/", $path)).as_slice())),*]
    };
}

/// Path below the key, content type, content.
const FILES: &[(&str, &str, &[u8])] = &files![
    "index.html" HTML,
    "style.css" CSS,
    "app.js" JS,
    "ask.js" JS,
    "chart.js" JS,
    "element.js" JS,
    "format.js" JS,
    "parts.js" JS,
    "place.js" JS,
    "pages/overview.js" JS,
    "pages/logs.js" JS,
    "pages/request.js" JS,
    "pages/costs.js" JS,
    "pages/reliability.js" JS,
    "pages/cache.js" JS,
    "pages/users.js" JS,
    "pages/health.js" JS,
    "pages/settings.js" JS,
];

/// The content type and the content of a file; the first page has no name.
pub(super) fn find(path: &str) -> Option<(&'static str, &'static [u8])> {
    let path = if path.is_empty() { "index.html" } else { path };
    FILES.iter().find(|(name, ..)| *name == path).map(|(_, kind, file)| (*kind, *file))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    /// Phones and wheels carry them.
    const MAX_BYTES: usize = 100_000;

    #[test]
    fn every_file_is_served_and_all_are_small() {
        fn visit(folder: &Path, found: &mut Vec<String>, root: &Path) {
            for entry in
                folder.read_dir().expect("the folder is there").map(|entry| entry.expect("it can be read").path())
            {
                if entry.is_dir() {
                    visit(&entry, found, root);
                } else {
                    let path = entry.strip_prefix(root).expect("it is below").to_string_lossy().replace('\\', "/");
                    found.push(path);
                }
            }
        }
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("ui");
        let mut there = Vec::new();
        visit(&root, &mut there, &root);
        there.sort();
        let mut served: Vec<_> = FILES.iter().map(|(name, ..)| (*name).to_owned()).collect();
        served.sort();
        assert_eq!(served, there);
        let bytes: usize = FILES.iter().map(|(.., file)| file.len()).sum();
        assert!(bytes < MAX_BYTES, "{bytes} bytes, before compression");
    }

    #[test]
    fn no_page_asks_the_network_or_runs_texts() {
        for (name, _, file) in FILES {
            let text = std::str::from_utf8(file).expect("a page is UTF-8").replace("http://www.w3.org/2000/svg", "");
            for forbidden in [
                "http://",
                "https://",
                "innerHTML",
                "outerHTML",
                "insertAdjacentHTML",
                "eval(",
                "document.write",
                "onclick=",
                "style=\"",
            ] {
                assert!(!text.contains(forbidden), "{name} has {forbidden}");
            }
        }
    }
}
