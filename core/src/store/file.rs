//! A `SQLite` file: made private, opened, recognised when it was replaced, and set aside when it is damaged.

use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, ErrorCode, OpenFlags};

use super::fork::Claim;
use super::private::{self, Identity};
use crate::clock::{Clock, SystemClock};

/// `SQLite` gives up at once where waiting could deadlock, as when two processes begin the same new file.
const OPENING_TRIES: u32 = 100;
const OPENING_PAUSE: Duration = Duration::from_millis(10);

/// Something breaks the file again and again if so many were set aside within one second.
const MAX_ASIDE: u64 = 16;

/// What `SQLite` puts beside the file: the write-ahead log and its index.
const COMPANIONS: [&str; 2] = ["-wal", "-shm"];

/// How every database begins ("Database File Format", 1.3, on sqlite.org).
const MAGIC: &[u8; 16] = b"SQLite format 3\0";

/// The smallest page that a database can have, in bytes.
const SMALLEST_DATABASE: u64 = 512;

const NOT_OURS: &str = "it is a file of another kind, which the gateway does not touch; choose another path";

/// Sets a connection up, and brings an empty or older database to the newest version.
pub(crate) type Prepare<'a> = &'a dyn Fn(&mut Connection) -> Result<(), Unfit>;

/// Why a database cannot be used.
#[derive(Debug)]
pub(crate) enum Unfit {
    /// `SQLite` says no.
    Sqlite(rusqlite::Error),
    /// It is sound, and not ours to write to.
    Foreign(&'static str),
}

impl From<rusqlite::Error> for Unfit {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sqlite(error)
    }
}

/// Whether an error says that the content of the file is broken.
pub(crate) fn is_damage(error: &rusqlite::Error) -> bool {
    matches!(error.sqlite_error_code(), Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase))
}

/// An open file.
pub(crate) struct SqliteFile {
    pub(crate) connection: Connection,
    /// Where a damaged file went that stood in the way.
    pub(crate) set_aside: Option<PathBuf>,
    pub(crate) path: PathBuf,
    identity: Identity,
    /// Given back after the connection is closed: fields are dropped in the order in which they stand.
    _claim: Claim,
}

impl SqliteFile {
    /// Opens or begins the database at `path`, which is absolute, with mode 0600, in a directory that is made with mode 0700
    /// if it is missing. One process waits for another to finish writing no longer than `busy`.
    ///
    /// A symbolic link at `path` is refused: whoever can place one would choose the file that is written. Modes and
    /// links are those of Unix; elsewhere the directory's own protection counts.
    ///
    /// # Errors
    /// A sentence that says why the file cannot be used.
    pub(crate) fn open(path: &Path, prepare: Prepare<'_>, busy: Duration) -> Result<Self, String> {
        let claim = Claim::take().ok_or("this process was forked while a file was open; release it before")?;
        let (connection, identity, set_aside) = match begin(path, prepare, busy)? {
            Opened::Sound(connection, identity) => (connection, identity, None),
            Opened::Damaged(identity) => {
                let set_aside = set_aside(path, identity).map_err(|error| error.to_string())?;
                match begin(path, prepare, busy)? {
                    Opened::Sound(connection, identity) => (connection, identity, set_aside),
                    Opened::Damaged(_) => return Err("it is damaged, and so is the one that replaced it".to_owned()),
                }
            }
        };
        Ok(Self { connection, set_aside, path: path.to_owned(), identity, _claim: claim })
    }

    /// Whether somebody removed or replaced the file: what is written to this one would be lost.
    pub(crate) fn was_replaced(&self) -> bool {
        private::identify(&self.path).is_none_or(|now| now != self.identity)
    }

    /// Closes the file and renames it, because its content is damaged; `None` if another process has done so already.
    pub(crate) fn abandon(self) -> io::Result<Option<PathBuf>> {
        drop(self.connection);
        set_aside(&self.path, self.identity)
    }
}

enum Opened {
    Sound(Connection, Identity),
    Damaged(Identity),
}

fn begin(path: &Path, prepare: Prepare<'_>, busy: Duration) -> Result<Opened, String> {
    let identity = prepare_path(path).map_err(|error| error.to_string())?;
    // SQLite takes a file shorter than this for an empty one, and would write over it.
    if fs::metadata(path).is_ok_and(|file| (1..SMALLEST_DATABASE).contains(&file.len())) {
        return Err(NOT_OURS.to_owned());
    }
    match connect(path, prepare, busy) {
        Ok(connection) => {
            // Only now it is known to be ours; one whose mode was widened becomes private again.
            private::make_private(path);
            for companion in COMPANIONS {
                private::make_private(&with_suffix(path, companion));
            }
            Ok(Opened::Sound(connection, identity))
        }
        Err(Unfit::Sqlite(error)) if is_damage(&error) => {
            if is_somebodys(path) {
                Err(NOT_OURS.to_owned())
            } else {
                Ok(Opened::Damaged(identity))
            }
        }
        Err(Unfit::Sqlite(error)) => Err(error.to_string()),
        Err(Unfit::Foreign(reason)) => Err(reason.to_owned()),
    }
}

/// Whether a file that `SQLite` cannot read never was a database: then it is not ours to move. A database whose first page
/// was lost begins with zeros. No other store of this process can have the file open, so reading it costs nobody a lock.
fn is_somebodys(path: &Path) -> bool {
    let mut start = [0; MAGIC.len()];
    let read = fs::File::open(path).and_then(|mut file| file.read_exact(&mut start));
    read.is_ok() && start != *MAGIC && start != [0; MAGIC.len()]
}

/// Makes sure that a private file stands at `path`.
fn prepare_path(path: &Path) -> io::Result<Identity> {
    if let Some(directory) = path.parent() {
        private::make_directory(directory)?;
    }
    if fs::symlink_metadata(path).is_ok_and(|file| file.is_symlink()) {
        return Err(io::Error::other("it is a symbolic link"));
    }
    match private::make_file(path) {
        // Closing a file gives up every lock that this process has on it, so a store that another thread opens right
        // now would lose its own: this one descriptor, once for each new file, stays open.
        Ok(file) => std::mem::forget(file),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
        Err(error) => return Err(error),
    }
    private::identify(path).ok_or_else(|| io::Error::other("it vanished while it was opened"))
}

fn connect(path: &Path, prepare: Prepare<'_>, busy: Duration) -> Result<Connection, Unfit> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(busy)?;
    for _ in 1..OPENING_TRIES {
        match prepare(&mut connection) {
            Err(Unfit::Sqlite(error)) if error.sqlite_error_code() == Some(ErrorCode::DatabaseBusy) => {
                std::thread::sleep(OPENING_PAUSE);
            }
            outcome => return outcome.map(|()| connection),
        }
    }
    prepare(&mut connection).map(|()| connection)
}

/// Renames the file and its companions to `<name>.damaged-<unix seconds>`, unless another process has done so already.
fn set_aside(path: &Path, identity: Identity) -> io::Result<Option<PathBuf>> {
    if private::identify(path).is_none_or(|now| now != identity) {
        return Ok(None);
    }
    let seconds = SystemClock::new().now_us() / 1_000_000;
    let aside = (seconds..seconds + MAX_ASIDE)
        .map(|seconds| with_suffix(path, &format!(".damaged-{seconds}")))
        .find(|aside| !aside.exists())
        .ok_or_else(|| io::Error::other("there are damaged files enough beside it"))?;
    fs::rename(path, &aside)?;
    for companion in COMPANIONS {
        // A companion means nothing without its file, so one that cannot be moved must at least not be read again.
        if fs::rename(with_suffix(path, companion), with_suffix(&aside, companion)).is_err() {
            let _ = fs::remove_file(with_suffix(path, companion));
        }
    }
    Ok(Some(aside))
}

fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}
