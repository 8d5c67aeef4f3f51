//! Renders Python expressions and prints one JSON line for each: what `tests/conformance/expressions.mjs` judges.
//!
//! `cargo run --example expressions -- --seed 1 --count 5000`
//!
//! The parts: the fixtures of the dialect, with their own values and with nasty ones; corners of Python's
//! grammar with nasty values; random expressions; random ones that are folded; and Julep's older strings.
//! Only the public API is used.

use std::io::{self, BufWriter, Write};
use std::process::ExitCode;

mod corners;
mod fixtures;
mod grammar;
mod host;
mod legacy;
mod line;
#[path = "../../tests/generator/rng.rs"]
mod rng;
#[path = "../../tests/generator/values.rs"]
mod values;

use rng::Rng;

/// Fewer fixtures mean that they were not found.
const LEAST_FIXTURES: usize = 20;

fn main() -> ExitCode {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    let Some((seed, count)) = read(&arguments) else {
        let _ = writeln!(io::stderr(), "usage: expressions [--seed N] [--count N]");
        return ExitCode::from(2);
    };
    let fixtures = fixtures::all();
    if fixtures.len() < LEAST_FIXTURES {
        let _ = writeln!(io::stderr(), "expressions: fewer than {LEAST_FIXTURES} fixtures were found");
        return ExitCode::FAILURE;
    }
    let mut out = BufWriter::new(io::stdout().lock());
    let mut lines = fixtures
        .iter()
        .flat_map(fixtures::lines)
        .chain(corners::lines(Rng::new(seed)))
        .chain((0..count).map(|index| grammar::line("random", seed * 1_000_000 + index)))
        .chain((0..count).map(|index| grammar::line("folded", seed * 2_000_000 + index)))
        .chain(legacy::lines(Rng::new(seed)));
    let written = lines.try_for_each(|line| writeln!(out, "{line}"));
    match written.and_then(|()| out.flush()) {
        Ok(()) => ExitCode::SUCCESS,
        // A judge that has stopped reading says why itself.
        Err(_) => ExitCode::FAILURE,
    }
}

fn read(arguments: &[String]) -> Option<(u64, u64)> {
    let (mut seed, mut count) = (1, 5000);
    for pair in arguments.chunks(2) {
        let [name, value] = pair else { return None };
        let number = value.parse().ok()?;
        match name.as_str() {
            "--seed" => seed = number,
            "--count" => count = number,
            _ => return None,
        }
    }
    Some((seed, count))
}
