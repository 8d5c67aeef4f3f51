//! Makes a vault and what it is compared with, and does the crypto of reading it alone; `tests/bench.rs` times it.
//!
//! A reader of a thousand secrets cannot do with less than this: a key unwrapped for each of them, and each value that
//! its file holds decrypted. Files, YAML, references and rendering are not in it.
#![expect(clippy::disallowed_methods, reason = "a program for measurements, which writes their files")]

use std::error::Error;
use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::ExitCode;

use aes_gcm::aead::AeadInOut;
use aes_gcm::aead::consts::U32;
use aes_gcm::aes::Aes256;
use aes_gcm::{AesGcm, KeyInit};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use rayon::prelude::*;
use redeem_host::generate::{Charset, Kind, generate_secret};
use redeem_host::identity::{DataKey, Identities, generate};
use redeem_host::sops::{Plain, Rule, Selection, Store, Tree, Value, create};
use redeem_host::vault::{Draft, Vault};

/// What separates the fields of a line of what is to be decrypted.
const FIELD: char = '\t';

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let done = match words.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["make", folder, count] => {
            count.parse().map_err(Into::into).and_then(|count| make(Path::new(folder), count))
        }
        ["crypto", folder] => crypto(Path::new(folder)),
        _ => Err("expected make FOLDER COUNT, or crypto FOLDER".into()),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            drop(writeln!(std::io::stderr(), "vault_bench: {error}"));
            ExitCode::FAILURE
        }
    }
}

/// Makes `identity.txt`, a vault below `vault/`, one SOPS file below `sops/`, each with a project that names all
/// secrets, one age file a secret below `age/`, and in `crypto.txt` the ciphertexts of the vault.
fn make(folder: &Path, count: usize) -> Result<(), Box<dyn Error>> {
    for part in ["vault", "sops", "age"] {
        fs::create_dir_all(folder.join(part))?;
    }
    let (text, recipient) = generate();
    fs::write(folder.join("identity.txt"), &*text)?;
    let names: Vec<String> = (0..count).map(|number| format!("key-{number}")).collect();
    let vault = Vault::create(folder.join("vault/secrets"), "ada", &recipient.to_string())?
        .with(Identities::from_text("the identity", &text)?)
        .remembering_in(None);
    let mut tree = Vec::new();
    for name in &names {
        let made = generate_secret(&Kind::Letters { length: 40, charset: Charset::Alnum })?.value;
        tree.push((name.clone(), Value::from(Plain::str(String::from_utf8(made.expose().to_vec())?))));
        vault.create_secret(name, Draft::value(made))?;
        fs::write(folder.join(format!("age/{name}.age")), recipient.wrap(&DataKey::random()?)?)?;
    }
    let selection = Selection::new("many.yaml", Rule::default())?;
    let now = jiff::Timestamp::now();
    let many =
        create(Store::Yaml, &Tree::of_entries(tree), &selection, std::slice::from_ref(&recipient), now)?;
    fs::write(folder.join("sops/many.yaml"), many)?;
    let references: String = names.iter().map(|name| format!("{name}: '{{secret:{name}}}'\n")).collect();
    for (part, kind, path) in [("vault", "vault", "secrets"), ("sops", "sops", "many.yaml")] {
        fs::write(folder.join(part).join("app.yaml"), &references)?;
        let config = format!("[[backend]]\nname = \"{kind}\"\ntype = \"{kind}\"\npath = \"{path}\"\n");
        fs::write(folder.join(part).join("redeem.toml"), config)?;
    }
    let ciphertexts: Result<Vec<String>, _> = names
        .iter()
        .map(|name| fs::read_to_string(folder.join(format!("vault/secrets/{name}.yaml"))))
        .collect();
    let ciphertexts: Vec<String> = ciphertexts?.iter().map(|file| ciphertexts_of(file)).collect();
    fs::write(folder.join("crypto.txt"), ciphertexts.join("\n"))?;
    Ok(())
}

/// One line: the stanza in base64, and what authenticates each value with the value.
fn ciphertexts_of(file: &str) -> String {
    let field =
        |line: &str, key: &str| line.trim().strip_prefix(key).map(|rest| rest.trim_matches('"').to_owned());
    let modified = file.lines().find_map(|line| field(line, "lastmodified: ")).unwrap_or_default();
    let stanza = file.lines().skip_while(|line| !line.contains("-----BEGIN")).map(str::trim);
    let stanza: Vec<&str> = stanza.take_while(|line| !line.contains(": ")).collect();
    let armor = format!("{}\n", stanza.join("\n").trim_start_matches("- enc: |"));
    let mut fields = vec![BASE64_STANDARD.encode(armor)];
    for (key, data) in [("value: ", "value:"), ("seal: ", "seal:"), ("mac: ", &modified)] {
        let value = file.lines().find_map(|line| field(line, key));
        fields.extend(value.into_iter().flat_map(|value| [data.to_owned(), value]));
    }
    fields.join(&FIELD.to_string())
}

/// Unwraps and decrypts all that `crypto.txt` holds, on all cores as a render does.
fn crypto(folder: &Path) -> Result<(), Box<dyn Error>> {
    let identities = Identities::from_text("it", &fs::read_to_string(folder.join("identity.txt"))?)?;
    let text = fs::read_to_string(folder.join("crypto.txt"))?;
    let lines: Vec<&str> = text.lines().collect();
    let decrypted: usize = lines.par_iter().map(|line| decrypt(line, &identities).unwrap_or(0)).sum();
    if decrypted < lines.len() * 3 {
        return Err(format!("{decrypted} values of {} files were decrypted", lines.len()).into());
    }
    Ok(())
}

/// How many values of a line were decrypted.
fn decrypt(line: &str, identities: &Identities) -> Option<usize> {
    let mut fields = line.split(FIELD);
    let stanza = BASE64_STANDARD.decode(fields.next()?).ok()?;
    let key = identities.decrypt(&stanza).ok()?;
    let cipher = AesGcm::<Aes256, U32>::new(key.as_slice().try_into().ok()?);
    let mut count = 0;
    while let (Some(data), Some(value)) = (fields.next(), fields.next()) {
        let inner = value.strip_prefix("ENC[AES256_GCM,data:")?;
        let part = |key: &str| {
            let text = inner.split(',').find_map(|part| part.strip_prefix(key));
            BASE64_STANDARD.decode(text.unwrap_or_default()).ok()
        };
        let mut bytes = BASE64_STANDARD.decode(inner.split(',').next()?).ok()?;
        let (iv, tag) = (part("iv:")?, part("tag:")?);
        let (iv, tag) = (iv.as_slice().try_into().ok()?, tag.as_slice().try_into().ok()?);
        cipher.decrypt_inout_detached(iv, data.as_bytes(), bytes.as_mut_slice().into(), tag).ok()?;
        count += 1;
    }
    Some(count)
}
