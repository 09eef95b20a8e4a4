//! The class of each picture: its subfolder, or what a table says.

use std::collections::HashMap;
use std::path::{Component, Path};

use super::scan::{Found, Scan};
use super::{ClassSource, FolderError, LabelFile};
use crate::data::table::{csv_columns, json_columns};
use crate::data::{DataError, class_names};

/// The classes of a folder.
#[derive(Debug, Clone)]
pub(super) struct Classes {
    pub names: Vec<String>,
    /// One a picture.
    pub labels: Vec<usize>,
}

impl Classes {
    /// Those of all pictures of a folder; `None` where none are wanted.
    ///
    /// # Errors
    /// Those of [`FolderError`] that are about classes, those of a table.
    pub fn of(source: &ClassSource, folder: &Path, scan: &Scan) -> Result<Option<Self>, DataError> {
        let classes: Vec<String> = match source {
            ClassSource::None => return Ok(None),
            ClassSource::Subfolders => scan
                .pictures
                .iter()
                .map(subfolder)
                .collect::<Result<_, _>>()?,
            ClassSource::File(file) => from_table(file, folder, &scan.pictures)?,
        };
        let occurring = classes.iter().map(String::as_str);
        let names = match source {
            // A subfolder without pictures is a class too: that it is empty has to be said.
            ClassSource::Subfolders => {
                let all = scan.subfolders.iter().map(String::as_str);
                class_names::in_order(all.chain(occurring))
            }
            _ => class_names::in_order(occurring),
        };
        let labels = class_names::numbered(classes.iter().map(String::as_str), &names);
        let classes = Self { names, labels };
        classes.check_none_empty()?;
        Ok(Some(classes))
    }

    /// Those of the pictures where `kept` is true.
    ///
    /// # Errors
    /// [`FolderError::EmptyClass`].
    pub fn kept(&self, kept: &[bool]) -> Result<Self, FolderError> {
        let labels = self.labels.iter().zip(kept);
        let classes = Self {
            names: self.names.clone(),
            labels: labels
                .filter(|(_, kept)| **kept)
                .map(|(label, _)| *label)
                .collect(),
        };
        classes.check_none_empty()?;
        Ok(classes)
    }

    fn check_none_empty(&self) -> Result<(), FolderError> {
        let mut occurs = vec![false; self.names.len()];
        for &label in &self.labels {
            occurs[label] = true;
        }
        match occurs.iter().position(|occurs| !occurs) {
            Some(class) => Err(FolderError::EmptyClass {
                class: self.names[class].clone(),
            }),
            None => Ok(()),
        }
    }
}

/// The name of the first subfolder that a picture is in.
fn subfolder(picture: &Found) -> Result<String, FolderError> {
    let mut parts = picture.path.components();
    match (parts.next(), parts.next()) {
        (Some(Component::Normal(folder)), Some(_)) => Ok(folder.to_string_lossy().into_owned()),
        _ => Err(FolderError::OutsideClasses {
            picture: picture.path.clone(),
        }),
    }
}

/// The class that a table gives each picture.
fn from_table(
    file: &LabelFile,
    folder: &Path,
    pictures: &[Found],
) -> Result<Vec<String>, DataError> {
    let path = folder.join(&file.path);
    let columns = [file.file_column.as_str(), file.class_column.as_str()];
    let rows = match path.extension() {
        Some(extension) if extension.eq_ignore_ascii_case("json") => json_columns(&path, columns)?,
        _ => csv_columns(&path, columns)?,
    };
    let mut classes = HashMap::with_capacity(rows.len());
    for [picture, class] in rows {
        // Tables of other systems have their separators.
        let picture = picture.replace('\\', "/");
        let picture = picture.strip_prefix("./").unwrap_or(&picture).to_string();
        if let Some(first) = classes.insert(picture.clone(), class.clone())
            && first != class
        {
            return Err(FolderError::TwoClasses {
                path,
                picture,
                first,
                second: class,
            }
            .into());
        }
    }
    let found: Vec<Option<String>> = pictures
        .iter()
        .map(|picture| classes.remove(&slashed(&picture.path)))
        .collect();
    let without = found.iter().filter(|class| class.is_none()).count();
    if let Some(first) = found.iter().position(Option::is_none) {
        return Err(FolderError::Unlabelled {
            path,
            first: pictures[first].path.clone(),
            count: without,
        }
        .into());
    }
    // The first in the order of names, so that the message is the same each time.
    if let Some(picture) = classes.into_keys().min() {
        return Err(FolderError::NoSuchPicture { path, picture }.into());
    }
    Ok(found.into_iter().flatten().collect())
}

/// A relative path with `/` between its parts on all systems.
fn slashed(path: &Path) -> String {
    let parts: Vec<_> = path.iter().map(|part| part.to_string_lossy()).collect();
    parts.join("/")
}
