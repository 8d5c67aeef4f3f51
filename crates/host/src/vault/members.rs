//! `vault.toml`: who the members of a vault are, and what they may do.

use std::collections::HashSet;
use std::fmt;
use std::path::Path;

use redeem_syntax::{Diagnostic, Format, Source, Span};
use serde::Deserialize;
use toml::Spanned;

use super::names::check_member;
use super::{VaultError, Visibility};
use crate::config::{ConfigError, malformed};

/// Somebody, or something, that secrets are encrypted to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// What messages and `created_by` call it.
    pub name: String,
    /// The public half of its identity: `age1…`.
    pub recipient: String,
    /// What it may do.
    pub role: Role,
}

/// What a member may do. The tool refuses the rest; what git takes is for review to decide.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Everything: let members in and out, read and write each secret.
    Owner,
    /// Read and write, but for the private secrets of others.
    Member,
    /// Read public secrets.
    Ci,
}

/// What `vault.toml` says.
#[derive(Clone, Debug)]
pub(super) struct Members {
    pub(super) all: Vec<Member>,
    pub(super) default_visibility: Visibility,
    source: Source,
    /// Where each member's table stands: from its header to the end of its last line.
    tables: Vec<Span>,
    /// Where each member's role stands, quotes included.
    roles: Vec<Span>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Raw {
    default_visibility: Option<Spanned<String>>,
    #[serde(default)]
    member: Vec<Spanned<RawMember>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawMember {
    name: Spanned<String>,
    recipient: Spanned<String>,
    role: Spanned<String>,
}

/// The beginning of a new `vault.toml`.
const HEAD: &str = "\
# The members of this vault. New secrets are encrypted to them; what is there already follows `redeem vault grant`,
# `revoke` and `rekey`, and nothing else.
default_visibility = \"public\" # or \"private\": the creator and the owners

";

impl Role {
    /// All roles.
    pub const ALL: [Self; 3] = [Self::Owner, Self::Member, Self::Ci];

    /// The role of this name: `owner`, `member` or `ci`.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.name() == name)
    }

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Owner => "owner",
            Self::Member => "member",
            Self::Ci => "ci",
        }
    }

    /// Its name in a sentence: `an owner`.
    pub(super) fn with_article(self) -> &'static str {
        match self {
            Self::Owner => "an owner",
            Self::Member => "a member",
            Self::Ci => "a ci member",
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl Members {
    /// Reads the file at `path`.
    ///
    /// # Errors
    /// When it cannot be read, and what is wrong with it, at its place.
    pub(super) fn read(path: &Path) -> Result<Self, VaultError> {
        let text = std::fs::read_to_string(path).map_err(|source| VaultError::System {
            operation: "read",
            path: path.to_owned(),
            source,
        })?;
        let source = Source::new(crate::paths::shown(path), text, Format::Toml);
        Self::parse(source).map_err(|error| VaultError::Malformed(error.0))
    }

    /// The text of a `vault.toml` with one owner.
    pub(super) fn first(owner: &Member) -> String {
        format!("{HEAD}{}", table(owner))
    }

    pub(super) fn parse(source: Source) -> Result<Self, ConfigError> {
        let raw: Raw = toml::from_str(source.text()).map_err(|error| malformed(&source, &error))?;
        let wrong = |span: Span, message: String| ConfigError::at(&source, span, message);
        let mut default_visibility = Visibility::Public;
        if let Some(word) = raw.default_visibility {
            default_visibility = Visibility::from_name(word.get_ref())
                .ok_or_else(|| wrong(word.span(), "`default_visibility` is `public` or `private`".into()))?;
        }
        let (mut members, mut tables, mut roles) = (Vec::new(), Vec::new(), Vec::new());
        let (mut names, mut recipients) = (HashSet::new(), HashSet::new());
        for table in raw.member {
            let start = table.span().start;
            let RawMember { name, recipient, role } = table.into_inner();
            check_member(name.get_ref()).map_err(|error| wrong(name.span(), error.to_string()))?;
            if !names.insert(name.get_ref().to_lowercase()) {
                return Err(wrong(name.span(), format!("two members are called `{}`", name.get_ref())));
            }
            check_recipient(recipient.get_ref()).map_err(|why| wrong(recipient.span(), why))?;
            if !recipients.insert(recipient.get_ref().clone()) {
                return Err(wrong(recipient.span(), "two members have this recipient".into()));
            }
            let Some(known) = Role::from_name(role.get_ref()) else {
                return Err(wrong(role.span(), "a role is `owner`, `member` or `ci`".into()));
            };
            let end = [name.span().end, recipient.span().end, role.span().end].into_iter().max();
            tables.push(start..end.unwrap_or(start));
            roles.push(role.span());
            members.push(Member { name: name.into_inner(), recipient: recipient.into_inner(), role: known });
        }
        if !members.iter().any(|member| member.role == Role::Owner) {
            return Err(wrong(0..0, "a vault has at least one member whose role is `owner`".into()));
        }
        Ok(Self { all: members, default_visibility, source, tables, roles })
    }

    /// The whole file.
    pub(super) fn text(&self) -> &str {
        self.source.text()
    }

    pub(super) fn named(&self, name: &str) -> Option<&Member> {
        self.all.iter().find(|member| member.name == name)
    }

    /// What people call a recipient: the member's name, or itself.
    pub(super) fn called(&self, recipient: &str) -> String {
        let member = self.all.iter().find(|member| member.recipient == recipient);
        member.map_or(recipient, |member| &member.name).to_owned()
    }

    pub(super) fn owners(&self) -> impl Iterator<Item = &Member> {
        self.all.iter().filter(|member| member.role == Role::Owner)
    }

    /// The file with one more member at its end.
    pub(super) fn with_member(&self, member: &Member) -> Result<Self, VaultError> {
        let text = self.text();
        let gap = if text.is_empty() || text.ends_with('\n') { "" } else { "\n" };
        let members: Vec<_> = self.all.iter().chain([member]).cloned().collect();
        self.edited(format!("{text}{gap}\n{}", table(member)), &members)
    }

    /// The file without a member; comments stay, but for those within the lines of its table.
    pub(super) fn without_member(&self, name: &str) -> Result<Self, VaultError> {
        let text = self.text();
        let at = self.all.iter().position(|member| member.name == name);
        let Some(table) = at.map(|at| &self.tables[at]) else { return Ok(self.clone()) };
        let start = text[..table.start].rfind('\n').map_or(0, |at| at + 1);
        let mut end = text[table.end..].find('\n').map_or(text.len(), |at| table.end + at + 1);
        // One of the two gaps around it goes with it.
        if text[end..].starts_with('\n') {
            end += 1;
        }
        let members: Vec<_> = self.all.iter().filter(|member| member.name != name).cloned().collect();
        self.edited(format!("{}{}", &text[..start], &text[end..]), &members)
    }

    /// The file with another role for a member.
    pub(super) fn with_role(&self, name: &str, role: Role) -> Result<Self, VaultError> {
        let at = self.all.iter().position(|member| member.name == name);
        let Some(at) = at else { return Ok(self.clone()) };
        let mut text = self.text().to_owned();
        text.replace_range(self.roles[at].clone(), &format!("\"{role}\""));
        let mut members = self.all.clone();
        members[at].role = role;
        self.edited(text, &members)
    }

    /// An edited text has to say what it was edited to say: tables written in unusual ways are left to people.
    fn edited(&self, text: String, members: &[Member]) -> Result<Self, VaultError> {
        let source = Source::new(self.source.path().clone(), text, Format::Toml);
        // What the edited text gets wrong is nowhere in the file.
        if let Some(edited) = Self::parse(source).ok().filter(|edited| edited.all == members) {
            return Ok(edited);
        }
        let told = Diagnostic::new(redeem_syntax::Code::InvalidConfig, "this file cannot be edited here")
            .at(&self.source, self.tables.first().cloned().unwrap_or_default(), "")
            .with_help("write each member as a table of its own: `[[member]]`, with a line for each key");
        Err(VaultError::Malformed(Box::new(told)))
    }
}

/// Checks the form of a recipient; whether it is a whole one is known where something is encrypted to it.
fn check_recipient(text: &str) -> Result<(), String> {
    let is_plain = text.chars().all(|c| c.is_ascii_graphic() || c == ' ') && !text.contains(['"', '\\']);
    let is_known = ["age1", "ssh-"].iter().any(|kind| text.starts_with(kind));
    if is_plain && is_known {
        return Ok(());
    }
    let hint = if text.starts_with("AGE-SECRET-KEY") || text.starts_with("AGE-PLUGIN") {
        "this is an identity, which must stay with its owner: write the recipient, `age1…`"
    } else {
        "a recipient begins with `age1` or `ssh-`"
    };
    Err(hint.to_owned())
}

fn table(member: &Member) -> String {
    let Member { name, recipient, role } = member;
    format!("[[member]]\nname = \"{name}\"\nrecipient = \"{recipient}\"\nrole = \"{role}\"\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Members, String> {
        Members::parse(Source::new("vault.toml", text, Format::Toml)).map_err(|error| {
            let label = error.0.label.as_ref().map(|label| label.span.clone()).unwrap_or_default();
            format!("{}; {:?}; {:?}", error.0.message, &text[label], error.0.help)
        })
    }

    fn member(name: &str, role: Role) -> Member {
        Member { name: name.to_owned(), recipient: format!("age1{name}"), role }
    }

    #[test]
    fn members_come_and_go_and_comments_stay() {
        let first = parse(&Members::first(&member("ada", Role::Owner))).expect("our own");
        let both = first.with_member(&member("bob", Role::Member)).expect("an edit");
        assert_eq!(both.text(), format!("{}\n{}", first.text(), table(&member("bob", Role::Member))));
        let text = both.text().replace("name = \"bob\"", "name = \"bob\" # since May") + "# the end\n";
        let both = parse(&text).expect("commented");
        let ci = both.with_role("bob", Role::Ci).expect("an edit");
        assert_eq!(ci.text(), text.replace("\"member\"", "\"ci\""));
        let one = both.without_member("bob").expect("an edit");
        assert_eq!(one.text(), format!("{}\n# the end\n", first.text()));
        let other =
            both.with_role("bob", Role::Owner).expect("an edit").without_member("ada").expect("an edit");
        assert!(other.text().starts_with("# The members") && other.all.len() == 1, "{}", other.text());
        assert_eq!(both.called("age1bob"), "bob");
        assert_eq!(both.called("age1x"), "age1x");
    }

    #[test]
    fn what_is_wrong_is_told_at_its_place() {
        let good = Members::first(&member("ada", Role::Owner));
        for (from, to, told) in [
            ("role = \"owner\"", "role = \"boss\"", "a role is `owner`, `member` or `ci`; \"\\\"boss\\\"\""),
            ("role = \"owner\"", "role = \"ci\"", "at least one member"),
            ("role = \"owner\"", "roles = \"owner\"", "did you mean `role`?"),
            ("age1ada", "AGE-SECRET-KEY-1X", "must stay with its owner"),
            ("age1ada", "pgp:1234", "begins with `age1`"),
            ("\"public\"", "\"open\"", "`public` or `private`"),
            ("\"ada\"", "\"a da\"", "name of a member"),
        ] {
            let error = parse(&good.replace(from, to)).expect_err(to);
            assert!(error.contains(told), "{to}: {error}");
        }
        let twice =
            format!("{good}{}", table(&Member { recipient: "age1x".into(), ..member("ADA", Role::Ci) }));
        assert!(parse(&twice).expect_err("twice").contains("two members are called `ADA`"));
    }

    #[test]
    fn a_file_written_in_another_way_is_read_and_not_edited() {
        let text = "member = [{ name = \"ada\", recipient = \"age1ada\", role = \"owner\" }, { name = \"bob\", recipient = \"age1bob\", role = \"ci\" }]\n";
        let members = parse(text).expect("two members");
        assert_eq!(members.all.len(), 2);
        assert!(members.without_member("bob").is_err());
    }
}
