//! How the path of an include is read, without looking at any file.

/// The path from the library's root of what `parent` includes as `path`, which leads from `parent`'s folder.
///
/// # Errors
/// Why it is refused: it is absolute, or it leads out of the root.
pub(super) fn join(parent: &str, path: &str) -> Result<String, String> {
    if path.starts_with('/') {
        return Err("an absolute path cannot be included".to_owned());
    }
    let mut parts: Vec<&str> = parent.split('/').collect();
    parts.pop();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                if parts.pop().is_none() {
                    return Err("this path leads out of the source folder".to_owned());
                }
            }
            name => parts.push(name),
        }
    }
    Ok(parts.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_lead_from_the_template_and_stay_inside() {
        for (parent, path, expected) in [
            ("a.j2", "b.j2", Some("b.j2")),
            ("d/a.j2", "./b.j2", Some("d/b.j2")),
            ("d/e/a.j2", "../f//b.j2", Some("d/f/b.j2")),
            ("d/a.j2", "../../b.j2", None),
            ("a.j2", "../a.j2", None),
            ("a.j2", "/etc/passwd", None),
        ] {
            assert_eq!(join(parent, path).ok().as_deref(), expected, "{parent} includes {path}");
        }
    }
}
