//! Earlier versions of a secret, as git has them.

use redeem_syntax::{Format, Source};

use super::card::Card;
use super::names::check_name;
use super::{Vault, VaultError, VaultSecret, git};
use crate::git::is_id;

/// One commit that changed a secret's file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Revision {
    /// The commit's full id, in hexadecimal digits.
    pub commit: String,
    /// When it was made (RFC 3339, with the committer's offset).
    pub date: String,
    /// Who made it, as git has it; anybody can write anything there.
    pub author: String,
    /// What the secret was called.
    pub name: String,
    /// The secret's version then; none if the file was removed or cannot be read.
    pub version: Option<u64>,
    /// The member that had changed it last, as the file says.
    pub updated_by: Option<String>,
}

impl Vault {
    /// The commits that changed a secret, the latest first, without a key. It is followed to the name before its last
    /// renaming.
    ///
    /// # Errors
    /// When the vault is in no git repository, or git cannot be run.
    pub fn history(&self, name: &str) -> Result<Vec<Revision>, VaultError> {
        check_name(name)?;
        let mut revisions = self.revisions(name)?;
        if let Some(before) = self.raw_card(name)?.and_then(|card| card.renamed_from) {
            // A commit of the renaming changed both files.
            let earlier = self.revisions(&before)?;
            let known: Vec<String> = revisions.iter().map(|one| one.commit.clone()).collect();
            revisions.extend(earlier.into_iter().filter(|one| !known.contains(&one.commit)));
        }
        Ok(revisions)
    }

    fn revisions(&self, name: &str) -> Result<Vec<Revision>, VaultError> {
        let file = format!("./{name}.yaml");
        let commits = git::log(&self.folder, &file)?;
        let places: Vec<String> = commits.iter().map(|commit| format!("{}:{file}", commit.id)).collect();
        let texts = git::contents(&self.folder, &places)?;
        let card = |text: Option<String>| Card::read(Source::new("", text?, Format::Yaml)).ok();
        Ok(commits
            .into_iter()
            .zip(texts)
            .map(|(commit, text)| {
                let card = card(text);
                Revision {
                    commit: commit.id,
                    date: commit.date,
                    author: commit.author,
                    name: name.to_owned(),
                    version: card.as_ref().map(|card| card.summary.version),
                    updated_by: card.and_then(|card| card.summary.updated_by),
                }
            })
            .collect())
    }

    /// A secret as it was in a commit, under the name that it had then; none if it was not there.
    ///
    /// # Errors
    /// As [`Vault::history`], and as [`Vault::get`].
    pub fn get_at(&self, name: &str, commit: &str) -> Result<Option<VaultSecret>, VaultError> {
        check_name(name)?;
        if !is_id(commit) {
            return Err(VaultError::NoHistory {
                why: "a commit is named by its id, in hexadecimal digits".into(),
            });
        }
        let place = format!("{commit}:./{name}.yaml");
        let Some(Some(text)) = git::contents(&self.folder, &[place])?.pop() else { return Ok(None) };
        let shown = format!("{} in {commit}", crate::paths::shown(&self.path(name)));
        let card = self.card_of(name, Source::new(shown, text, Format::Yaml))?;
        self.open_card(card)?.checked()?.secret().map(Some)
    }
}
