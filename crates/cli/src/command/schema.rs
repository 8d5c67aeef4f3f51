//! `redeem schema`: the JSON Schema of `redeem.toml`, for editors.

use redeem_host::config::schema::schema;

use crate::exit::{Exit, Stop};
use crate::report::print_json;

pub(crate) fn run() -> Result<Exit, Stop> {
    print_json(&schema())?;
    Ok(Exit::Done)
}
