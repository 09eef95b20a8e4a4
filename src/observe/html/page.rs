//! The page around the sections: head, style and the script of the slider.

use maud::{DOCTYPE, Markup, PreEscaped, html};

/// How far a run is.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Progress {
    /// Steps taken.
    pub taken: usize,
    /// Steps that were to be taken.
    pub planned: usize,
    pub has_ended: bool,
}

/// Nothing from elsewhere: the browser refuses it.
const POLICY: &str =
    "default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'unsafe-inline'";

const STYLE: &str = "
:root { color-scheme: light dark; }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
h1 { margin-bottom: 0; }
h2 { font-size: 1.25rem; margin: 2rem 0 0.5rem; }
summary h2 { display: inline; }
figure { margin: 0; }
img { max-width: 100%; height: auto; }
img.pixels { image-rendering: pixelated; }
img[hidden] { display: none; }
figure.steps label { display: flex; gap: 1rem; align-items: center; margin-bottom: 0.5rem; }
figure.steps output { min-width: 8rem; }
figure.steps input { flex: 1; }
table { border-collapse: collapse; }
th, td { text-align: left; padding: 0.2rem 1rem 0.2rem 0; vertical-align: top; overflow-wrap: anywhere; }
th { font-weight: normal; opacity: 0.75; }
";

/// Shows the picture that a slider is at.
const SCRIPT: &str = "
for (const figure of document.querySelectorAll('figure.steps')) {
  const [slider, output] = [figure.querySelector('input'), figure.querySelector('output')];
  const pictures = figure.querySelectorAll('img');
  const show = () => {
    pictures.forEach((picture, index) => { picture.hidden = index !== slider.valueAsNumber; });
    output.value = pictures[slider.valueAsNumber].alt;
  };
  slider.addEventListener('input', show);
  show();
}
";

/// A whole page.
pub(super) fn page(title: &str, progress: Progress, sections: &[Markup]) -> Markup {
    let Progress {
        taken,
        planned,
        has_ended,
    } = progress;
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta http-equiv="Content-Security-Policy" content=(POLICY);
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { (title) }
                style { (PreEscaped(STYLE)) }
            }
            body {
                h1 { (title) }
                p {
                    @if has_ended { "Ended after " } @else { "Under way: " }
                    (taken) " of " (planned) " steps"
                    @if !has_ended { "; load the page again to see more" }
                    "."
                }
                @for section in sections { (section) }
                script { (PreEscaped(SCRIPT)) }
            }
        }
    }
}
