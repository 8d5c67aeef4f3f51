//! Vaults: folders of encrypted secrets, whose names, scopes and dates anyone may read.
//!
//! ```
//! use redeem::vault::{Content, Draft, Identities, Vault, generate};
//! use redeem::Secret;
//!
//! # let folder = tempfile::tempdir()?;
//! # let secrets = folder.path().join("secrets");
//! // An identity, which stays with its owner, and its public half, which goes into the vault.
//! let (identity, recipient) = generate();
//! let identities = Identities::from_text("ada's identity", &identity)?;
//! # let test = |vault: Vault| vault.remembering_in(None);
//!
//! let vault = Vault::create(&secrets, "ada", &recipient.to_string())?.with(identities);
//! # let vault = test(vault);
//! vault.create_secret("openai", Draft::of(Content::Bundle(vec![
//!     ("OPENAI_API_KEY".into(), Secret::from("sk-1")),
//!     ("OPENAI_ORG".into(), Secret::from("org-1")),
//! ])))?;
//!
//! let openai = vault.get("openai")?.expect("it was made above");
//! assert_eq!(openai.value("OPENAI_API_KEY").map(Secret::expose), Some(&b"sk-1"[..]));
//! assert!(openai.value("OPENAI_PROJECT").is_none());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! What there is, and what it is for, is read without an identity:
//!
//! ```
//! use redeem::vault::{Draft, Expiry, Vault};
//! # use redeem::{Secret, vault::{Identities, generate}};
//! # let folder = tempfile::tempdir()?;
//! # let secrets = folder.path().join("secrets");
//! # let (identity, recipient) = generate();
//! # let vault = Vault::create(&secrets, "ada", &recipient.to_string())?.remembering_in(None);
//! # let vault = vault.with(Identities::from_text("ada", &identity)?);
//! vault.create_secret("pagerduty-key", Draft {
//!     scope: Some("notifications".into()),
//!     expires_at: Some(Expiry::parse("2027-01-31")?),
//!     ..Draft::value(Secret::from("R0UT1NG"))
//! })?;
//!
//! let vault = Vault::open(&secrets)?;
//! for secret in vault.list()?.secrets {
//!     println!("{} {} {}", secret.name, secret.scope, secret.readers.join(", "));
//!     assert_eq!(secret.keys, None, "one plain value");
//! }
//! # assert_eq!(vault.names()?, ["pagerduty-key"]);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! A change names only what is different; who can read a secret stays as it is. [`Vault::delete`] removes it:
//!
//! ```
//! use redeem::vault::{Content, Update};
//! # use redeem::{Secret, vault::{Draft, Identities, Vault, generate}};
//! # let folder = tempfile::tempdir()?;
//! # let secrets = folder.path().join("secrets");
//! # let (identity, recipient) = generate();
//! # let vault = Vault::create(&secrets, "ada", &recipient.to_string())?.remembering_in(None);
//! # let vault = vault.with(Identities::from_text("ada", &identity)?);
//! # vault.create_secret("stripe", Draft::value(Secret::from("old")))?;
//! let written = vault.set("stripe", Update {
//!     content: Some(Content::Value(Secret::from("sk_live_2"))),
//!     description: Some("for invoices".into()),
//!     ..Update::default()
//! })?;
//! assert_eq!((written.version, written.readers), (2, vec!["ada".to_owned()]));
//!
//! vault.delete("stripe", None)?;
//! assert!(vault.get("stripe")?.is_none());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

#[cfg(feature = "crypto")]
pub use redeem_host::identity::{Identities, Recipient, generate};
pub use redeem_host::vault::*;
