//! Prints the JSON Schema of the configuration: `cargo run --example schema > docs/reference/config.schema.json`.

fn main() {
    println!("{:#}", tollhouse::Config::json_schema());
}
