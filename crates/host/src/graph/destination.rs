//! Where a render that is told nothing else writes what it makes of a file.

use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use globset::GlobSet;

use crate::Config;
use crate::inputs::{Input, below, glob};
use crate::paths::shown;

/// `source` and `output` of a configuration.
pub(crate) struct Destination<'c> {
    config: &'c Config,
    source: &'c Path,
    /// The same with every link in it followed.
    real_source: PathBuf,
    output: &'c Path,
    exclude: GlobSet,
}

impl<'c> Destination<'c> {
    /// The destinations of a configuration that has both.
    pub(crate) fn of(config: &'c Config) -> Option<Self> {
        let (source, output) = (config.source.as_deref()?, config.output.as_deref()?);
        let real_source = source.canonicalize().ok()?;
        let exclude = GlobSet::new(config.exclude.iter().filter_map(|pattern| glob(pattern).ok())).ok()?;
        Some(Self { config, source, real_source, output, exclude })
    }

    /// The output of a file, as people call it; none if it is no part of the source.
    fn path(&self, input: &Input) -> Option<PathBuf> {
        if self.exclude.is_match(below(self.config, &input.path)) {
            return None;
        }
        let name = input.output.file_name()?;
        let relative = self.below_source(&input.path)?;
        if relative.as_os_str().is_empty() {
            // A source that is a file goes into a folder, or becomes the file that is named.
            let is_folder = self.output.is_dir() || self.output.as_os_str().as_bytes().ends_with(b"/");
            return Some(if is_folder { self.output.join(name) } else { self.output.to_owned() });
        }
        Some(self.output.join(relative.with_file_name(name)))
    }

    /// The same as people call it.
    pub(crate) fn shown(&self, input: &Input) -> Option<Arc<str>> {
        self.path(input).map(|path| shown(&path))
    }

    fn below_source(&self, path: &Path) -> Option<PathBuf> {
        let whole = std::path::absolute(path).ok()?;
        if let Ok(below) = whole.strip_prefix(self.source) {
            return Some(below.to_owned());
        }
        let real = path.canonicalize().ok()?;
        real.strip_prefix(&self.real_source).ok().map(Path::to_owned)
    }
}
