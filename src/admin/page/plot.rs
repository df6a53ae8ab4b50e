//! Plots as SVG, made here so that they work without JavaScript. Geometry is in attributes and colour in the style sheet,
//! since the page's security policy allows no style in the markup.

use maud::{Markup, html};

use super::figures;
use crate::admin::history::KEPT;

/// Height of a plot; its width is the length of the history.
const HEIGHT: f64 = 100.0;

/// What a plot's values are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Scale {
    /// From zero, a count or a rate.
    Linear,
    /// Seconds, on a scale of powers of ten.
    Logarithmic,
}

/// One line of a plot.
pub(super) struct Series<'a> {
    /// Its class in the style sheet.
    pub(super) class: &'static str,
    /// The oldest first; `None` is a gap.
    pub(super) values: &'a [Option<f64>],
    /// The space under it is filled.
    pub(super) area: bool,
}

/// Lines over the last minutes with a scale at the side. `title` describes the plot to screen readers.
pub(super) fn plot(title: &str, scale: Scale, lines: &[Series<'_>]) -> Markup {
    let all = || lines.iter().flat_map(|line| line.values).flatten().copied().filter(|value| value.is_finite());
    let (low, high) = match scale {
        Scale::Linear => (0.0, nice(all().fold(0.0, f64::max))),
        Scale::Logarithmic => decades(all()),
    };
    let height = |value: f64| {
        let share = match scale {
            Scale::Linear => value / high,
            Scale::Logarithmic => (value.max(low).log10() - low.log10()) / (high.log10() - low.log10()),
        };
        HEIGHT * (1.0 - share.clamp(0.0, 1.0))
    };
    let (middle, say): (f64, fn(f64) -> String) = match scale {
        Scale::Linear => (high / 2.0, figures::count),
        Scale::Logarithmic => ((low * high).sqrt(), figures::seconds),
    };
    html! {
        div.plot {
            svg viewBox={ "0 0 " (KEPT - 1) " " (HEIGHT) } preserveAspectRatio="none" role="img" aria-label=(title) {
                path.grid d={ "M0 0H" (KEPT) "M0 " (HEIGHT / 2.0) "H" (KEPT) "M0 " (HEIGHT) "H" (KEPT) } {}
                @for line in lines {
                    @if line.area {
                        path class={ "area " (line.class) } d=(path(line.values, KEPT, height, true)) {}
                    }
                    path class={ "line " (line.class) } d=(path(line.values, KEPT, height, false)) {}
                }
            }
            span.top { (say(high)) }
            span.middle { (say(middle)) }
            span.bottom { (say(low)) }
        }
    }
}

/// A small line without a scale.
pub(super) fn spark(title: &str, values: &[f64], width: usize) -> Markup {
    let high = nice(values.iter().copied().fold(0.0, f64::max));
    let values: Vec<Option<f64>> = values.iter().copied().map(Some).collect();
    // A line at the very edge would be cut in half.
    let height = |value: f64| 1.0 + (HEIGHT - 2.0) * (1.0 - value / high);
    html! {
        svg.spark viewBox={ "0 0 " (width - 1) " " (HEIGHT) } preserveAspectRatio="none" role="img" aria-label=(title) {
            path.area d=(path(&values, width, height, true)) {}
            path.line d=(path(&values, width, height, false)) {}
        }
    }
}

/// The newest value stands at the right edge. A value between two gaps is drawn as a short dash.
fn path(values: &[Option<f64>], width: usize, height: impl Fn(f64) -> f64, area: bool) -> String {
    let values = values.get(values.len().saturating_sub(width)..).unwrap_or_default();
    let start = width - values.len();
    let mut path = String::new();
    let points: Vec<(usize, Option<f64>)> = values.iter().enumerate().map(|(at, value)| (start + at, *value)).collect();
    for run in points.split(|(_, value)| value.is_none()).filter(|run| !run.is_empty()) {
        let (first, last) = (run[0].0, run[run.len() - 1].0);
        let mut pen = if area { format!("M{first} {HEIGHT}L") } else { "M".to_owned() };
        for (at, value) in run {
            pen.push_str(&format!("{at} {:.1} ", height(value.unwrap_or_default())));
        }
        match (area, run.len()) {
            (true, _) => pen.push_str(&format!("{last} {HEIGHT}Z")),
            (false, 1) => pen.push_str("h0.8"),
            (false, _) => {}
        }
        path.push_str(&pen);
    }
    path
}

/// The next 1, 2 or 5 times a power of ten.
fn nice(value: f64) -> f64 {
    if value <= 1.0 {
        return 1.0;
    }
    let power = 10_f64.powf(value.log10().floor());
    [1.0, 2.0, 5.0, 10.0].into_iter().map(|step| step * power).find(|step| *step >= value).unwrap_or(value)
}

/// Powers of ten around all values, an even number of them apart, so that the middle is one too.
fn decades(values: impl Iterator<Item = f64> + Clone) -> (f64, f64) {
    let positive = || values.clone().filter(|value| *value > 0.0);
    let low = positive().fold(f64::INFINITY, f64::min);
    if !low.is_finite() {
        return (0.001, 0.1);
    }
    let low = low.log10().floor();
    let high = positive().fold(f64::MIN, f64::max).log10().ceil();
    let span = (high - low).max(1.0);
    let span = span + span % 2.0;
    (10_f64.powf(low), 10_f64.powf(low + span))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scales_end_at_round_numbers() {
        assert_eq!(
            [0.0, 0.3, 1.5, 4.0, 7.0, 10.0, 801.0, 2500.0].map(nice),
            [1.0, 1.0, 2.0, 5.0, 10.0, 10.0, 1000.0, 5000.0]
        );
        let rounded = |values: &[f64]| {
            let (low, high) = decades(values.iter().copied());
            ((low * 1e6).round(), (high * 1e6).round())
        };
        assert_eq!(rounded(&[]), (1e3, 1e5));
        assert_eq!(rounded(&[0.012, 0.02]), (1e4, 1e6));
        assert_eq!(rounded(&[0.012, 3.0]), (1e4, 1e8));
        assert_eq!(rounded(&[0.0, 0.01, 0.01]), (1e4, 1e6));
    }

    #[test]
    fn a_path_ends_at_the_right_edge_and_has_gaps() {
        let values = [Some(1.0), None, Some(2.0), Some(3.0)];
        assert_eq!(path(&values, 10, |value| value, false), "M6 1.0 h0.8M8 2.0 9 3.0 ");
        assert_eq!(path(&values[2..], 2, |value| value, true), "M0 100L0 2.0 1 3.0 1 100Z");
        assert_eq!(path(&values, 3, |value| value, false), "M1 2.0 2 3.0 ");
        assert_eq!(path(&[], 3, |value| value, true), "");
    }
}
