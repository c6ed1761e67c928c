//! Files that only their owner reads. Modes are Unix's; elsewhere the user's own directories are private already.

use std::fs;
use std::io;
use std::path::Path;

/// Which file stands at a path; another one has another identity.
#[cfg(unix)]
pub(crate) type Identity = (u64, u64);

#[cfg(unix)]
pub(crate) fn identify(path: &Path) -> Option<Identity> {
    use std::os::unix::fs::MetadataExt;
    fs::metadata(path).ok().map(|file| (file.dev(), file.ino()))
}

/// Makes a directory and what is missing above it, with mode 0700. One that exists stays as it is.
#[cfg(unix)]
pub(crate) fn make_directory(path: &Path) -> io::Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    fs::DirBuilder::new().recursive(true).mode(0o700).create(path)
}

/// Makes an empty file with mode 0600 where none stands.
#[cfg(unix)]
pub(crate) fn make_file(path: &Path) -> io::Result<fs::File> {
    use std::os::unix::fs::OpenOptionsExt;
    fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)
}

/// Gives a file mode 0600. Where it belongs to somebody else, its mode is theirs to choose.
#[cfg(unix)]
pub(crate) fn make_private(path: &Path) {
    use std::os::unix::fs::PermissionsExt;
    let _ = fs::set_permissions(path, fs::Permissions::from_mode(0o600));
}

/// An open file can be neither removed nor replaced here, so one is like the other.
#[cfg(not(unix))]
pub(crate) type Identity = ();

#[cfg(not(unix))]
pub(crate) fn identify(path: &Path) -> Option<Identity> {
    path.exists().then_some(())
}

#[cfg(not(unix))]
pub(crate) fn make_directory(path: &Path) -> io::Result<()> {
    fs::create_dir_all(path)
}

#[cfg(not(unix))]
pub(crate) fn make_file(path: &Path) -> io::Result<fs::File> {
    fs::OpenOptions::new().write(true).create_new(true).open(path)
}

#[cfg(not(unix))]
pub(crate) fn make_private(_: &Path) {}
