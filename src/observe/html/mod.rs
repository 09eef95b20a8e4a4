//! [`HtmlReport`]: a run as one page for a browser.

mod page;
mod section;

use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::files::replace_file;
use crate::gan_error::GanError;
use crate::observer::{Flow, Interval, Observer, Plan};
use crate::report::StepReport;
use page::{Progress, page};
use section::{Section, settings};

/// Writes a page of a run every so many steps, and after the last one: one HTML file with its pictures in it, which fetches
/// nothing and can be sent to somebody as it is.
///
/// The page is made of what other observers write to files, and so belongs behind them. What is not there yet is left out.
///
/// ```
/// use burn_gan::AdversarialTrainer;
/// use burn_gan::data::Source;
/// use burn_gan::observe::{History, HtmlReport};
/// use burn_gan::run::Run;
///
/// fn reported<T: AdversarialTrainer<4>, S: Source<4>>(run: Run<4, (), T, S>) -> Run<4, (), T, S> {
///     let settings = serde_json::json!({"images": 2000, "networks": {"filters": 32}});
///     // A `HistoryPlots` between them draws losses.png, a `SampleGrid` the samples.
///     run.observe(History::csv("out/losses.csv", 10)).observe(
///         HtmlReport::new("out/report.html", 500)
///             .with_title("Faces")
///             .with_settings(&settings)
///             .with_picture("Losses", "out/losses.png", "Mean losses of both networks.")
///             .with_sample_grids("out")
///             .with_scores("out/scores.csv", &[("Frechet distance", 2.4)]),
///     )
/// }
/// ```
#[derive(Debug, Clone)]
pub struct HtmlReport {
    path: PathBuf,
    interval: Interval,
    title: String,
    sections: Vec<Section>,
    progress: Progress,
}

impl HtmlReport {
    /// A page at `path`, every `interval` steps; without sections until they are added.
    pub fn new(path: impl AsRef<Path>, interval: usize) -> Self {
        Self {
            path: path.as_ref().to_path_buf(),
            interval: Interval::new(interval),
            title: "A training run".into(),
            sections: Vec::new(),
            progress: Progress::default(),
        }
    }

    /// Another title than "A training run".
    pub fn with_title(mut self, title: impl Into<String>) -> Self {
        self.title = title.into();
        self
    }

    /// Adds a section of sentences.
    pub fn with_text(mut self, title: impl Into<String>, lines: &[impl AsRef<str>]) -> Self {
        let lines = lines.iter().map(|line| line.as_ref().to_string()).collect();
        self.sections.push(Section::Text {
            title: title.into(),
            lines,
        });
        self
    }

    /// Adds a table of settings: an object's fields, those of objects inside it as `outer.inner`.
    pub fn with_settings(mut self, values: &Value) -> Self {
        self.sections.push(Section::Settings(settings(values)));
        self
    }

    /// Adds a picture, a PNG file that is read whenever the page is written, with a sentence below it.
    pub fn with_picture(
        mut self,
        title: impl Into<String>,
        path: impl AsRef<Path>,
        caption: impl Into<String>,
    ) -> Self {
        self.sections.push(Section::Picture {
            title: title.into(),
            path: path.as_ref().to_path_buf(),
            caption: caption.into(),
        });
        self
    }

    /// Adds the pictures `step-000500.png` of a folder, as a `SampleGrid` writes them: a slider goes over the steps. Of more
    /// than 40 pictures, 40 at about equal distances are shown, the first and the last among them.
    pub fn with_sample_grids(mut self, folder: impl AsRef<Path>) -> Self {
        self.sections
            .push(Section::SampleGrids(folder.as_ref().to_path_buf()));
        self
    }

    /// Adds the last values of the scores in the file of an [`Evaluation`](super::Evaluation), with the numbers of samples
    /// that they are of, beside what they are to be compared with: the score of held-out real samples, mostly.
    pub fn with_scores(mut self, path: impl AsRef<Path>, references: &[(&str, f64)]) -> Self {
        let references = references
            .iter()
            .map(|&(score, value)| (score.to_string(), value))
            .collect();
        self.sections.push(Section::Scores {
            path: path.as_ref().to_path_buf(),
            references,
        });
        self
    }

    /// Adds what a [`Watch`](super::Watch) has found, from the file that [`Watch::with_file`](super::Watch::with_file) names.
    pub fn with_findings(mut self, path: impl AsRef<Path>) -> Self {
        self.sections
            .push(Section::Findings(path.as_ref().to_path_buf()));
        self
    }

    /// Writes the page as its files are now. An observer does this by itself.
    ///
    /// The file is written beside its target and then renamed.
    ///
    /// # Errors
    /// [`GanError::File`] for a file that is there and cannot be read, and where the page cannot be written;
    /// [`GanError::Observe`] for a file of scores or findings that is none.
    pub fn write(&self) -> Result<(), GanError> {
        let sections: Result<Vec<_>, GanError> =
            self.sections.iter().map(Section::render).collect();
        let page = page(&self.title, self.progress, &sections?).into_string();
        replace_file(&self.path, |partial| {
            std::fs::write(partial, page).map_err(|error| GanError::io(partial, error))
        })
    }
}

impl<T> Observer<T> for HtmlReport {
    fn start(&mut self, plan: Plan) -> Result<(), GanError> {
        self.progress = Progress {
            taken: plan.from,
            planned: plan.to,
            has_ended: false,
        };
        Ok(self.interval.start()?)
    }

    fn observe(&mut self, report: &StepReport, _trainer: &T) -> Result<Flow, GanError> {
        self.progress.taken = report.step + 1;
        if self.interval.is_due(report.step) {
            self.write()?;
        }
        Ok(Flow::Continue)
    }

    /// Writes the page even where the last step has been due: only now it is known that the run is over.
    fn finish(&mut self, _last: Option<&StepReport>, _trainer: &T) -> Result<(), GanError> {
        self.progress.has_ended = true;
        self.write()
    }
}
