//! The `tollhouse` command.

fn main() {
    let words: Vec<_> = std::env::args_os().skip(1).map(|word| word.to_string_lossy().into_owned()).collect();
    std::process::exit(tollhouse_server::main(words));
}
