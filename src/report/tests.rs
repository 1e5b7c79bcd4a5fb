use super::sample::*;
use super::*;

#[test]
fn show() {
    let sample = sample();
    let report = sample.report();
    for format in Format::value_variants() {
        eprintln!("=== {format:?}\n{}", report.render(*format, false));
    }
}
