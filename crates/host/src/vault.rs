//! The vault: a folder of SOPS files, one a secret, whose metadata anyone may read.
