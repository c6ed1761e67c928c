//! Prints the JSON Schema of the configuration.

fn main() {
    println!("{:#}", tollhouse::Config::json_schema());
}
