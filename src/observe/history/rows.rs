//! The lines of a history: how a row is written, and how a file of them is read, whatever has become of it.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;

use csv::StringRecord;

use crate::errors::FileError;
use crate::observe_error::ObserveError;
use crate::report::StepValues;

/// Bytes that a line may have; the library's own have a few hundred.
const LINE_LIMIT: u64 = 64 * 1024;

/// How the header of every CSV history begins.
const HEADER_START: &[u8] = b"step,";

/// How a row is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Format {
    /// Comma-separated values under a header.
    Csv,
    /// A JSON object a line.
    JsonLines,
}

impl Format {
    /// The row as one whole line; the first line of a CSV file brings the header. `terms` are the columns of a CSV file
    /// for terms of objectives: no row has others.
    pub fn line(
        self,
        values: &StepValues,
        terms: &[String],
        is_first: bool,
    ) -> io::Result<Vec<u8>> {
        match self {
            Self::Csv => {
                let mut writer = csv::WriterBuilder::new()
                    .has_headers(false)
                    .from_writer(Vec::new());
                if is_first {
                    let fixed = fixed_columns()?;
                    writer.write_record(fixed.iter().chain(terms.iter().map(String::as_str)))?;
                }
                let of_terms: Vec<Option<f32>> = terms
                    .iter()
                    .map(|name| values.terms.get(name).copied())
                    .collect();
                writer.serialize((without_terms(values), of_terms))?;
                writer.into_inner().map_err(|error| error.into_error())
            }
            Self::JsonLines => {
                let mut line = serde_json::to_vec(values)?;
                line.push(b'\n');
                Ok(line)
            }
        }
    }
}

/// The names of the terms that any of these rows has: columns of a CSV file.
pub(super) fn term_columns<'a>(rows: impl IntoIterator<Item = &'a StepValues>) -> Vec<String> {
    let names = rows.into_iter().flat_map(|row| row.terms.keys());
    BTreeSet::from_iter(names.cloned()).into_iter().collect()
}

fn without_terms(values: &StepValues) -> StepValues {
    StepValues {
        terms: BTreeMap::new(),
        ..values.clone()
    }
}

/// The columns of the numbers that every history has a place for.
fn fixed_columns() -> io::Result<StringRecord> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.serialize(StepValues::default())?;
    let lines = writer.into_inner().map_err(|error| error.into_error())?;
    Ok(csv::Reader::from_reader(lines.as_slice())
        .headers()?
        .clone())
}

/// What tells the columns of terms: the name of a player, a point, the name of the term.
fn is_term(column: &str) -> bool {
    column.contains('.')
}

/// Reads a history, as [`History`](super::History) writes it: CSV or JSON lines, told by the first byte.
///
/// The rows are in the order of their steps; of several rows of a step the last one counts. A last line that is
/// torn, which is what a killed process leaves, is dropped with a warning: one without its newline, or that is
/// no row. A CSV file may lack columns of numbers that there may be none of. Memory is bounded by the number of
/// rows: a line has at most 64 KiB.
///
/// # Errors
/// [`ObserveError::File`] where the file cannot be read; [`ObserveError::History`] for a header of other columns and for
/// any line but the last that is no row, one of numbers that are not finite among them.
pub fn read_history(path: impl AsRef<Path>) -> Result<Vec<StepValues>, ObserveError> {
    Ok(read_rows(path.as_ref())?.into_values().collect())
}

/// The rows by step.
pub(super) fn read_rows(path: &Path) -> Result<BTreeMap<usize, StepValues>, ObserveError> {
    let file = File::open(path).map_err(|error| FileError::new(path, error))?;
    let mut reader = BufReader::new(file);
    let mut rows = BTreeMap::new();
    let mut columns = Columns::Unknown;
    // A line that is no row is forgiven where no other follows.
    let mut damage = None;
    for number in 1.. {
        let line = read_line(&mut reader).map_err(|error| FileError::new(path, error))?;
        let Some(line) = line else { break };
        if let Some(error) = damage.take() {
            return Err(error);
        }
        let error = |message| ObserveError::History {
            path: path.to_path_buf(),
            line: number,
            message,
        };
        if number == 1 {
            columns = Columns::of(&line).map_err(error)?;
            if matches!(columns, Columns::Csv(_)) {
                continue;
            }
        }
        match columns.parse(&line) {
            Ok(values) => {
                rows.insert(values.step, values);
            }
            Err(message) => damage = Some(error(message)),
        }
    }
    if let Some(error) = damage {
        log::warn!("{error}: the last line, which is left out");
    }
    Ok(rows)
}

/// Whether all numbers are finite.
pub(super) fn is_finite(values: &StepValues) -> bool {
    // Taken apart, so that the compiler names a field that is forgotten.
    let StepValues {
        step: _,
        loss_discriminator,
        loss_generator,
        penalty,
        probability_real,
        probability_fake,
        logit_real,
        logit_fake,
        gradient_norm_discriminator,
        gradient_norm_generator,
        ref terms,
    } = *values;
    loss_discriminator.is_finite()
        && [
            loss_generator,
            penalty,
            probability_real,
            probability_fake,
            logit_real,
            logit_fake,
            gradient_norm_discriminator,
            gradient_norm_generator,
        ]
        .into_iter()
        .flatten()
        .chain(terms.values().copied())
        .all(f32::is_finite)
}

/// What the first line says of the others.
enum Columns {
    /// There is no whole first line.
    Unknown,
    /// Every line names its own.
    Json,
    /// A CSV file's header.
    Csv(StringRecord),
}

impl Columns {
    fn of(first: &Line) -> Result<Self, String> {
        if first.bytes.starts_with(b"{") {
            return Ok(Self::Json);
        }
        if !first.is_whole {
            // The beginning of a header, or a file that is no history and must not be taken for an empty one.
            let length = first.bytes.len().min(HEADER_START.len());
            return if first.bytes[..length] == HEADER_START[..length] {
                Ok(Self::Unknown)
            } else {
                Err("neither a header nor a JSON object".to_string())
            };
        }
        let header = record(first)?;
        // A row of zeros fits where the columns do.
        let zeros = StringRecord::from(vec!["0"; header.len()]);
        match row_of(&header, &zeros) {
            Ok(_) => Ok(Self::Csv(header)),
            Err(error) => Err(format!("other columns than a history's: {error}")),
        }
    }

    fn parse(&self, line: &Line) -> Result<StepValues, String> {
        if !line.is_whole {
            return Err("the line has no end".to_string());
        }
        let values: StepValues = match self {
            Self::Unknown => return Err("there is no header".to_string()),
            Self::Json => {
                line.check_length()?;
                serde_json::from_slice(&line.bytes).map_err(|error| error.to_string())?
            }
            Self::Csv(header) => {
                let record = record(line)?;
                if record.len() != header.len() {
                    return Err(format!(
                        "{} values under a header of {}",
                        record.len(),
                        header.len()
                    ));
                }
                row_of(header, &record)?
            }
        };
        if is_finite(&values) {
            Ok(values)
        } else {
            Err("a number is not finite".to_string())
        }
    }
}

/// The row of a record under a header of as many columns.
fn row_of(header: &StringRecord, record: &StringRecord) -> Result<StepValues, String> {
    let columns = || header.iter().zip(record);
    let (mut names, mut fields) = (StringRecord::new(), StringRecord::new());
    for (name, field) in columns().filter(|(name, _)| !is_term(name)) {
        names.push_field(name);
        fields.push_field(field);
    }
    let mut row: StepValues = fields
        .deserialize(Some(&names))
        .map_err(|error| error.to_string())?;
    // A step may lack a term.
    let terms = columns().filter(|(name, field)| is_term(name) && !field.is_empty());
    for (name, field) in terms {
        let value = field
            .parse()
            .map_err(|_| format!("{name}: `{field}` is no number"))?;
        row.terms.insert(name.to_string(), value);
    }
    Ok(row)
}

/// A line of CSV as its one record.
fn record(line: &Line) -> Result<StringRecord, String> {
    line.check_length()?;
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .buffer_capacity(line.bytes.len().max(1))
        .from_reader(line.bytes.as_slice());
    let mut record = StringRecord::new();
    let mut rest = StringRecord::new();
    let read = reader
        .read_record(&mut record)
        .and_then(|found| Ok((found, reader.read_record(&mut rest)?)));
    match read {
        Ok((true, false)) => Ok(record),
        Ok(_) => Err("not one row of values".to_string()),
        Err(error) => Err(error.to_string()),
    }
}

/// A line of a file.
struct Line {
    /// Its bytes with the newline; no more than one over the limit.
    bytes: Vec<u8>,
    /// Whether it has a newline.
    is_whole: bool,
    /// Whether some of it was not kept.
    is_too_long: bool,
}

impl Line {
    fn check_length(&self) -> Result<(), String> {
        if self.is_too_long {
            Err(format!("more than {LINE_LIMIT} bytes"))
        } else {
            Ok(())
        }
    }
}

/// The next line; `None` at the end of the file.
fn read_line(reader: &mut impl BufRead) -> io::Result<Option<Line>> {
    let mut bytes = Vec::new();
    let read = reader
        .by_ref()
        .take(LINE_LIMIT + 1)
        .read_until(b'\n', &mut bytes)?;
    if read == 0 {
        return Ok(None);
    }
    let ends = bytes.last() == Some(&b'\n');
    let is_too_long = !ends && read as u64 > LINE_LIMIT;
    let is_whole = ends || (is_too_long && skip_line(reader)?);
    Ok(Some(Line {
        bytes,
        is_whole,
        is_too_long,
    }))
}

/// Goes behind the next newline; whether there is one.
fn skip_line(reader: &mut impl BufRead) -> io::Result<bool> {
    loop {
        let buffer = reader.fill_buf()?;
        if buffer.is_empty() {
            return Ok(false);
        }
        match buffer.iter().position(|&byte| byte == b'\n') {
            Some(position) => {
                reader.consume(position + 1);
                return Ok(true);
            }
            None => {
                let length = buffer.len();
                reader.consume(length);
            }
        }
    }
}
