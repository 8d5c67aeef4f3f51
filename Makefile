# Few targets, no logic: each is a command or two that can be typed by hand.

.PHONY: test check conformance interop fix accept bench docs

test:                  ## what the README says
	cargo test --workspace

check: test conformance ## everything but the suites that need root or servers
	cargo fmt --all --check
	cargo clippy --workspace --all-targets -- -D warnings
	cargo clippy -p redeem-host --all-targets -- -D warnings
	cargo clippy -p redeem-cli --features ssh -- -D warnings
	RUSTDOCFLAGS='-D warnings' cargo doc --workspace --no-deps
	sh .ci/deny

conformance:           ## 100,000 renders judged by other parsers; needs Python 3.11 and Node 20
	sh tests/conformance/run
	sh tests/conformance/run-expressions

interop:               ## suites that need root, strace or real peers
	sh tests/interop/run

fix:                   ## format and apply what clippy can mend
	cargo fmt --all
	cargo clippy --workspace --all-targets --fix --allow-dirty

accept:                ## write down what the cases of diagnostics print now, the page made of it, and the schema
	REDEEM_ACCEPT=1 cargo test -p redeem-cli --test suite -- diagnostics schema

bench:                 ## ratios against rg, cp and other tools, with the goals; installs them first
	sh tests/bench/peers
	cargo build --release -p redeem-host --features crypto --example vault_bench
	cargo bench -p redeem-cli --bench render

docs:
	cargo doc --workspace --no-deps --open
