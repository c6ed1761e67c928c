//! How fast tokens are counted beside `tiktoken-rs`, which is OpenAI's own code: both count the same text in turn, on one
//! thread, so that a busy machine slows both alike.
//!
//! The text is this repository's pages and sources, with sentences in other languages strewn in. "New" is a thread that has
//! counted nothing yet; "again" is the same thread a second time.

use std::error::Error;
use std::path::Path;
use std::time::Instant;

use cpu_time::ThreadTime;
use tollhouse::{TokenInput, count_tokens};

const SENTENCES: [&str; 6] = [
    "网关位于应用程序和模型提供商之间，负责缓存、限流和计费。\n",
    "道の狭いところに料金所が建っていて、通る者はみな数えられます。\n",
    "Шлюз стоит между приложением и моделью, считает токены и записывает, сколько они стоят.\n",
    "Η πύλη μετρά τα tokens και το κόστος κάθε κλήσης.\n",
    "بوابة تقف بين التطبيق والنموذج وتحسب كل طلب.\n",
    "🚀 Emoji 👩‍💻 — naïve café, £5.00, 1234567 × 89.01 = ?\n",
];
const PIECE_BYTES: usize = 1_000;

fn main() -> Result<(), Box<dyn Error>> {
    let rounds: usize = std::env::var("ROUNDS").ok().and_then(|rounds| rounds.parse().ok()).unwrap_or(15);
    let pieces = text()?;
    let bytes: usize = pieces.iter().map(String::len).sum();
    let loaded = Instant::now();
    count_tokens("gpt-4o", &TokenInput::Text("a"))?;
    println!(
        "Tokens: {:.1} MB of text; o200k_base is ready in {:.1} ms",
        mega(bytes),
        loaded.elapsed().as_secs_f64() * 1e3
    );
    println!("{:<22}{:>12}{:>12}{:>12}{:>9}{:>9}", "Tokens, MB/s", "tiktoken-rs", "new", "again", "ratio", "ratio");
    let (mut first, mut goal) = (0, 0);
    for (model, oracle) in
        [("gpt-4o", tiktoken_rs::o200k_base_singleton()), ("gpt-4", tiktoken_rs::cl100k_base_singleton())]
    {
        let ours = |piece: &String| count_tokens(model, &TokenInput::Text(piece)).map_or(0, |count| count.tokens);
        let theirs = |piece: &String| oracle.count_ordinary(piece) as u64;
        let mut costs = Vec::new();
        for _ in 0..rounds {
            let raw = count(&pieces, theirs);
            // A thread of its own has counted nothing yet.
            let both = std::thread::scope(|scope| {
                scope.spawn(|| (count(&pieces, ours), count(&pieces, ours))).join().expect("counting does not panic")
            });
            assert!(raw.0 == both.0.0 && raw.0 == both.1.0, "{model} is counted otherwise");
            costs.push([raw.1, both.0.1, both.1.1]);
        }
        let speed = |of: usize| mega(bytes) / median(costs.iter().map(|cost| cost[of]));
        let ratio = |of: usize| median(costs.iter().map(|cost| cost[0] / cost[of]));
        let name = if model == "gpt-4" { "cl100k_base" } else { "o200k_base" };
        println!(
            "{name:<22}{:>12.0}{:>12.0}{:>12.0}{:>8.1}×{:>8.1}×",
            speed(0),
            speed(1),
            speed(2),
            ratio(1),
            ratio(2)
        );
        first += usize::from(ratio(1) >= 1.5);
        goal += usize::from(speed(1) >= 150.0);
    }
    println!("Tokens, first: {first} of 2 met (1.5 × tiktoken-rs), goal: {goal} of 2 met (150 MB/s of new text)");
    Ok(())
}

/// How many tokens there are, and the seconds that it took.
fn count(pieces: &[String], of: impl Fn(&String) -> u64) -> (u64, f64) {
    let started = ThreadTime::now();
    let tokens = pieces.iter().map(of).sum();
    (tokens, started.elapsed().as_secs_f64())
}

/// Texts of about a kilobyte each.
fn text() -> Result<Vec<String>, Box<dyn Error>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut pieces = vec![String::new()];
    for folder in
        ["docs", "core", "server/src", "bindings", "python/tollhouse", "python/tests", "node/src", "swift/Sources"]
    {
        read(&root.join(folder), &mut pieces)?;
    }
    Ok(pieces)
}

fn read(folder: &Path, pieces: &mut Vec<String>) -> Result<(), Box<dyn Error>> {
    let mut entries = std::fs::read_dir(folder)?.collect::<Result<Vec<_>, _>>()?;
    entries.sort_by_key(std::fs::DirEntry::path);
    for path in entries.iter().map(std::fs::DirEntry::path) {
        if path.is_dir() {
            read(&path, pieces)?;
        } else if path
            .extension()
            .is_some_and(|kind| ["md", "rs", "py", "ts", "swift"].iter().any(|known| kind == *known))
        {
            for line in std::fs::read_to_string(&path)?.split_inclusive('\n') {
                let number = pieces.len();
                let Some(piece) = pieces.last_mut() else { continue };
                piece.push_str(line);
                if piece.len() > PIECE_BYTES {
                    piece.push_str(SENTENCES[number % SENTENCES.len()]);
                    pieces.push(String::new());
                }
            }
        }
    }
    Ok(())
}

#[expect(clippy::cast_precision_loss, reason = "some megabytes")]
fn mega(bytes: usize) -> f64 {
    bytes as f64 / 1e6
}

fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<_> = values.collect();
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
