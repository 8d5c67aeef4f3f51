//! A vault from the outside: what it does for people, what is done to its files, and what kills leave behind.
#![cfg(all(target_os = "linux", feature = "crypto"))]
#![expect(clippy::unwrap_used, clippy::print_stderr, reason = "tests, which say what they skip")]
#![expect(clippy::disallowed_methods, reason = "tests put files in place")]

mod access;
mod attacks;
mod faults;
mod secrets;
mod support;
