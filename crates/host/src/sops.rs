//! SOPS files: read, opened, edited in place, written.
