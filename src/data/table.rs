//! Columns of tables, CSV or JSON: the classes of pictures.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::DataError;
use crate::errors::FileError;

/// A table of classes that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TableError {
    /// Not a table.
    #[error("{}: {message}", path.display())]
    Malformed {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        message: String,
    },

    /// A column that the table does not have.
    #[error("{}: no column `{column}` among {columns:?}", path.display())]
    MissingColumn {
        /// The file.
        path: PathBuf,
        /// The column.
        column: String,
        /// The columns that it has.
        columns: Vec<String>,
    },
}

/// Two columns of a CSV file with a header.
pub(super) fn csv_columns<const N: usize>(
    path: &Path,
    columns: [&str; N],
) -> Result<Vec<[String; N]>, DataError> {
    let text = fs::read(path).map_err(|error| FileError::new(path, error))?;
    let broken = |error: csv::Error| TableError::Malformed {
        path: path.into(),
        message: error.to_string(),
    };
    let mut reader = csv::ReaderBuilder::new()
        .trim(csv::Trim::All)
        .from_reader(text.as_slice());
    let header = reader.headers().map_err(broken)?.clone();
    let mut places = [0; N];
    for (place, column) in places.iter_mut().zip(columns) {
        let found = header
            .iter()
            .position(|name| name.trim_start_matches('\u{feff}') == column);
        *place = found.ok_or_else(|| TableError::MissingColumn {
            path: path.into(),
            column: column.to_string(),
            columns: header.iter().map(str::to_string).collect(),
        })?;
    }
    let rows = reader.records().map(|row| {
        let row = row.map_err(broken)?;
        // All rows have as many fields as the header, or the reader refuses them.
        Ok(places.map(|place| row.get(place).unwrap_or_default().to_string()))
    });
    rows.collect()
}

/// Two fields of each object of a JSON list, or the keys and values of a JSON object.
pub(super) fn json_columns(path: &Path, columns: [&str; 2]) -> Result<Vec<[String; 2]>, DataError> {
    let text = fs::read(path).map_err(|error| FileError::new(path, error))?;
    let broken = |message: String| TableError::Malformed {
        path: path.into(),
        message,
    };
    let value: Value = serde_json::from_slice(&text).map_err(|error| broken(error.to_string()))?;
    let words = |value: &Value| match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    };
    let rows: Option<Vec<[String; 2]>> = match &value {
        Value::Object(classes) => classes
            .iter()
            .map(|(picture, class)| Some([picture.clone(), words(class)?]))
            .collect(),
        Value::Array(rows) => rows
            .iter()
            .map(|row| Some([words(row.get(columns[0])?)?, words(row.get(columns[1])?)?]))
            .collect(),
        _ => None,
    };
    let wanted = "neither an object of pictures and classes nor a list of objects with the fields";
    rows.ok_or_else(|| broken(format!("{wanted} {columns:?}")).into())
}
