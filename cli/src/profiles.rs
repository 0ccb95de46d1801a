//! The load profiles that come with vazao, and those that a path names.

use std::path::Path;

use loadgen::{LoadProfile, ProfileError};

/// Name and text of each profile of the folder `profiles/`.
const SHIPPED: &[(&str, &str)] = &[
    ("business-day", include_str!("../../profiles/business-day.toml")),
    ("chains", include_str!("../../profiles/chains.toml")),
    ("first-after-idle", include_str!("../../profiles/first-after-idle.toml")),
    ("overload", include_str!("../../profiles/overload.toml")),
    ("partners", include_str!("../../profiles/partners.toml")),
    ("ramp", include_str!("../../profiles/ramp.toml")),
    ("soak", include_str!("../../profiles/soak.toml")),
    ("spike", include_str!("../../profiles/spike.toml")),
    ("steady", include_str!("../../profiles/steady.toml")),
    ("steps", include_str!("../../profiles/steps.toml")),
    ("sustained", include_str!("../../profiles/sustained.toml")),
    ("week", include_str!("../../profiles/week.toml")),
];

/// The profile that a name or a path means. A name that is shipped wins, so that `vazao run` works
/// in any folder.
pub(crate) fn find(name_or_path: &str) -> Result<LoadProfile, ProfileError> {
    if let Some((name, text)) = SHIPPED.iter().find(|(name, _)| *name == name_or_path) {
        return LoadProfile::parse(text, name);
    }
    let looks_like_a_name = !name_or_path.contains(['/', '\\', '.']);
    if looks_like_a_name && !Path::new(name_or_path).exists() {
        let names: Vec<&str> = SHIPPED.iter().map(|(name, _)| *name).collect();
        return Err(ProfileError::Unreadable {
            path: name_or_path.to_owned(),
            cause: format!("no such file, and vazao has only {}", names.join(", ")),
        });
    }
    LoadProfile::read(Path::new(name_or_path))
}

/// Every shipped profile.
pub(crate) fn shipped() -> impl Iterator<Item = Result<LoadProfile, ProfileError>> {
    SHIPPED.iter().map(|(name, text)| LoadProfile::parse(text, name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_of_the_folder_is_shipped() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../profiles");
        let mut files: Vec<String> = std::fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().path().file_stem().unwrap().to_str().unwrap().to_owned())
            .collect();
        files.sort();
        let names: Vec<&str> = SHIPPED.iter().map(|(name, _)| *name).collect();
        assert_eq!(files, names);
    }

    #[test]
    fn a_name_that_is_not_there_is_answered_with_those_that_are() {
        let error = find("buisness-day").unwrap_err().to_string();
        assert!(error.contains("business-day") && error.contains("steady"), "{error}");
    }
}
