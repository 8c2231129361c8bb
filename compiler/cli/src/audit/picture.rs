//! The report as a picture: what may leave, to whom, how fast. It stands by itself: no scripts, no fonts or files from elsewhere, and
//! nothing that a policy says can be more in it than text.

use super::{
    Audited,
    amounts::{at_a_glance, figure, height},
    table::{upgradeable, whom},
};
use crate::ui::Failure;
use agentpol_analysis::loss::{Loss, Most};
use agentpol_diagnostics::render::visible;
use agentpol_model::words::grouped;
use num_bigint::BigUint;
use std::{ffi::OsStr, fmt::Write as _, path::Path};

/// What is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Svg,
    Html,
}

/// Characters of a name or of a line at most.
const MAX_TEXT: usize = 96;

/// Powers of ten on the scale at most; more are left out.
const MAX_TICKS: i64 = 10;

const WIDTH: i64 = 1_000;
const LEFT: i64 = 170;
const RIGHT: i64 = 190;
const BAR: i64 = 15;
const STEP: i64 = 21;
const HEAD: i64 = 108;

/// A thousand times the binary logarithm of ten.
const DECADE: i64 = 3_322;

const STYLE: &str = "text{font-family:system-ui,-apple-system,'Segoe UI','DejaVu Sans',sans-serif;fill:#1d2330}\
.t{font-size:21px;font-weight:600}.s{font-size:13px;fill:#5b6475}.k{font-size:17px;font-weight:600}\
.w{font-size:12px;fill:#5b6475}.v{font-size:12.5px;font-weight:600}.e{font-size:12.5px;font-weight:600;fill:#b3261e}\
.x{font-size:11px;fill:#8a92a3}.g{stroke:#e4e7ee;stroke-width:1}.a{fill:#2f6fdb}.p{fill:#b9d0f5}.u{fill:#d9483f}";

impl Kind {
    /// By the file's name.
    pub(super) fn of(path: &Path) -> Result<Self, Failure> {
        match path.extension().and_then(OsStr::to_str).map(str::to_ascii_lowercase).as_deref() {
            Some("svg") => Ok(Kind::Svg),
            Some("html" | "htm") => Ok(Kind::Html),
            _ => Err(Failure::new(format!("`{}` is no name of a picture", path.display()))
                .help("name a file that ends in .svg or .html")),
        }
    }

    pub(super) fn draw(self, audited: &Audited) -> String {
        match self {
            Kind::Svg => svg(audited),
            Kind::Html => html(audited),
        }
    }
}

/// Text that is only ever text.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in visible(text).chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c if c.is_control() => out.push(' '),
            c => out.push(c),
        }
    }
    out
}

/// The same, no longer than is drawn.
fn cut(text: &str) -> String {
    match text.char_indices().nth(MAX_TEXT) {
        Some((at, _)) => escaped(&format!("{}…", text.get(..at).unwrap_or_default())),
        None => escaped(text),
    }
}

/// One token's bars.
struct Row {
    name: String,
    whom: String,
    bars: Vec<Bar>,
}

/// One figure.
struct Bar {
    window: &'static str,
    figure: String,
    /// On the scale; nothing where there is no end, or none is known.
    alone: Option<i64>,
    approved: Option<i64>,
    without_end: bool,
}

/// The axis: from one power of ten to another.
struct Scale {
    low: i64,
    high: i64,
}

impl Scale {
    fn of(rows: &[Row]) -> Self {
        let all =
            || rows.iter().flat_map(|row| &row.bars).flat_map(|bar| [bar.alone, bar.approved]).flatten();
        let low = all().min().unwrap_or(0).div_euclid(DECADE) - 1;
        let high = all().max().unwrap_or(0).div_euclid(DECADE) + 1;
        Self { low, high: high.max(low + 2) }
    }

    /// Where a height stands, from the left end of the bars.
    fn x(&self, height: i64) -> i64 {
        let room = WIDTH - LEFT - RIGHT;
        let (from, to) = (self.low * DECADE, self.high * DECADE);
        ((height - from) * room / (to - from)).clamp(2, room)
    }

    fn ticks(&self) -> impl Iterator<Item = i64> {
        let step = (self.high - self.low).div_euclid(MAX_TICKS) + 1;
        (self.low..=self.high).step_by(usize::try_from(step).unwrap_or(1))
    }
}

/// `0.001`, `1,000`
fn power(exponent: i64) -> String {
    let zeros = "0".repeat(usize::try_from(exponent.unsigned_abs()).unwrap_or(0));
    if exponent >= 0 {
        grouped(&format!("1{zeros}"))
    } else {
        let behind = zeros.strip_suffix('0').unwrap_or_default();
        format!("0.{behind}1")
    }
}

fn rows(audited: &Audited) -> Vec<Row> {
    let (alone, approved) = (&audited.losses.alone, &audited.losses.with_approvals);
    let tokens = approved.tokens.iter().filter_map(|loss| {
        let own = alone.tokens.iter().find(|own| own.token == loss.token);
        row(audited, own, loss, "", format!("to {}", whom(audited, loss)))
    });
    let fees = approved.fees.iter().filter_map(|loss| {
        let own = alone.fees.iter().find(|own| own.token == loss.token);
        row(audited, own, loss, " of fees", "to whoever builds the block".to_owned())
    });
    tokens.chain(fees).collect()
}

fn row(audited: &Audited, own: Option<&Loss>, loss: &Loss, suffix: &str, whom: String) -> Option<Row> {
    let token = audited.rules.tokens.get(loss.token.index())?;
    let at = |most: Option<&Most>| match most {
        Some(Most::Bounded { value, .. }) if *value != BigUint::ZERO => Some(height(value, token.decimals)),
        _ => None,
    };
    let own = own.map(at_a_glance);
    let bars = at_a_glance(loss).into_iter().enumerate().map(|(n, (window, most))| {
        let alone = own.as_ref().and_then(|own| own.get(n)).and_then(|(_, most)| *most);
        let said = |most: Option<&Most>| most.map_or_else(|| "0".to_owned(), |most| figure(most, token));
        let (by_itself, with) = (said(alone), said(most));
        let figure = if by_itself == with { with } else { format!("{by_itself}, approved {with}") };
        Bar {
            window,
            figure,
            alone: at(alone),
            approved: at(most),
            without_end: matches!(most, Some(Most::Unbounded { .. })),
        }
    });
    Some(Row { name: format!("{}{suffix}", token.symbol), whom, bars: bars.collect() })
}

fn svg(audited: &Audited) -> String {
    let rows = rows(audited);
    let scale = Scale::of(&rows);
    let mut body = String::new();
    let mut y = HEAD;
    for row in &rows {
        y = draw(&mut body, row, &scale, y);
    }
    if rows.is_empty() {
        let _ = write!(body, "<text class=\"k\" x=\"24\" y=\"{y}\">Nothing may leave.</text>");
        y += STEP;
    }
    let bottom = y;
    let total = bottom + 34;
    let name = escaped(&audited.rules.name);
    let mut out = String::new();
    let _ = write!(
        out,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {total}\" width=\"{WIDTH}\" height=\"{total}\" \
         role=\"img\" aria-label=\"What may leave under {name}\"><style>{STYLE}</style>\
         <rect width=\"{WIDTH}\" height=\"{total}\" fill=\"#ffffff\"/>\
         <text class=\"t\" x=\"24\" y=\"38\">What may leave under {name}</text>"
    );
    legend(&mut out, &rows);
    for exponent in scale.ticks() {
        let x = LEFT + scale.x(exponent * DECADE);
        let _ = write!(
            out,
            "<line class=\"g\" x1=\"{x}\" y1=\"{}\" x2=\"{x}\" y2=\"{bottom}\"/>\
             <text class=\"x\" x=\"{x}\" y=\"{}\" text-anchor=\"middle\">{}</text>",
            HEAD - 16,
            bottom + 16,
            power(exponent)
        );
    }
    out.push_str(&body);
    out.push_str("</svg>\n");
    out
}

fn legend(out: &mut String, rows: &[Row]) {
    let bars = || rows.iter().flat_map(|row| &row.bars);
    let mut entries = vec![("a", "by the agent alone")];
    if bars().any(|bar| bar.approved > bar.alone) {
        entries.push(("p", "with what is approved"));
    }
    if bars().any(|bar| bar.without_end) {
        entries.push(("u", "without end"));
    }
    let mut x = 24;
    for (class, said) in entries {
        let _ = write!(
            out,
            "<rect class=\"{class}\" x=\"{x}\" y=\"53\" width=\"12\" height=\"12\" rx=\"2\"/>\
             <text class=\"s\" x=\"{}\" y=\"64\">{said}</text>",
            x + 18
        );
        x += 28 + 7 * i64::try_from(said.len()).unwrap_or(0) + 18;
    }
    let _ = write!(
        out,
        "<text class=\"s\" x=\"{}\" y=\"64\" text-anchor=\"end\">whole tokens, each step ten times the one before</text>",
        WIDTH - 24
    );
}

/// One token. The place of what comes under it.
fn draw(out: &mut String, row: &Row, scale: &Scale, top: i64) -> i64 {
    let _ = write!(
        out,
        "<text class=\"k\" x=\"24\" y=\"{}\">{}</text><text class=\"s\" x=\"{LEFT}\" y=\"{}\">{}</text>",
        top + 12,
        cut(&row.name),
        top + 12,
        cut(&row.whom.replace('`', ""))
    );
    let mut y = top + 22;
    for bar in &row.bars {
        let middle = y + 12;
        let _ = write!(
            out,
            "<text class=\"w\" x=\"{}\" y=\"{middle}\" text-anchor=\"end\">{}</text>",
            LEFT - 10,
            bar.window
        );
        let mut end = 0;
        let mut part = |class: &str, wide: i64| {
            let _ = write!(
                out,
                "<rect class=\"{class}\" x=\"{LEFT}\" y=\"{y}\" width=\"{wide}\" height=\"{BAR}\" rx=\"3\"/>"
            );
            end = end.max(wide);
        };
        if bar.without_end {
            part("u", WIDTH - LEFT - RIGHT);
        }
        if bar.approved != bar.alone
            && let Some(height) = bar.approved
        {
            part("p", scale.x(height));
        }
        if let Some(height) = bar.alone {
            part("a", scale.x(height));
        }
        let class = if bar.without_end { "e" } else { "v" };
        let _ = write!(
            out,
            "<text class=\"{class}\" x=\"{}\" y=\"{middle}\">{}</text>",
            LEFT + end + 8,
            cut(&bar.figure)
        );
        y += STEP;
    }
    y + 20
}

fn html(audited: &Audited) -> String {
    let name = escaped(&audited.rules.name);
    let mut out = format!(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\
         <meta name=\"viewport\" content=\"width=device-width\"><title>What may leave under {name}</title>\
         <style>body{{font:15px/1.5 system-ui,-apple-system,'Segoe UI',sans-serif;color:#1d2330;max-width:1000px;\
         margin:2em auto;padding:0 1em}}h2{{font-size:17px;margin:1.6em 0 .3em}}li{{margin:.2em 0}}\
         svg{{max-width:100%;height:auto}}b.e{{color:#b3261e}}b.w{{color:#9a6700}}</style></head><body>\n{}",
        svg(audited)
    );
    let findings = audited.open.iter().map(|said| {
        let class = if said.diagnostic.is_error() { "e" } else { "w" };
        format!("<b class=\"{class}\">{}</b> {}", said.diagnostic.code, escaped(&said.diagnostic.message))
    });
    list(&mut out, "What stands against it", findings);
    let accepted = audited.accepts().map(|(rule, risk, because)| {
        format!("{} accepts {}: {}", escaped(rule), escaped(risk), escaped(because))
    });
    list(&mut out, "Accepted risks", accepted);
    let contracts = &audited.rules.contracts;
    let on = |contract: &agentpol_model::policy::Contract| {
        format!("{} on {}", escaped(&contract.name), escaped(audited.chain(contract.chain)))
    };
    let trusted = contracts
        .iter()
        .filter_map(|contract| Some(format!("{}: {}", on(contract), escaped(contract.trusted.as_ref()?))));
    list(&mut out, "Trusted: outside every bound if it is broken or upgraded", trusted);
    let upgradeable = upgradeable(audited).map(|said| escaped(&said.replace('`', "")));
    list(&mut out, "Whose code can be replaced", upgradeable);
    let assumed = audited.assumptions().map(|(chain, said)| format!("{}: {}", escaped(chain), escaped(said)));
    list(&mut out, "What is assumed of the chains", assumed);
    out.push_str("</body></html>\n");
    out
}

/// Lines that are escaped already.
fn list(out: &mut String, heading: &str, lines: impl Iterator<Item = String>) {
    let lines: String = lines.map(|line| format!("<li>{line}</li>\n")).collect();
    if !lines.is_empty() {
        let _ = write!(out, "<h2>{heading}</h2>\n<ul>\n{lines}</ul>\n");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_only_text() {
        assert_eq!(escaped("<script>&\"'"), "&lt;script&gt;&amp;&quot;&#39;");
        assert!(!escaped("a\u{202e}b\u{7}").contains(['\u{202e}', '\u{7}']));
        assert!(cut(&"x".repeat(500)).chars().count() <= MAX_TEXT + 1);
    }

    #[test]
    fn powers_of_ten() {
        let all = [-3, -1, 0, 3, 6].map(power);
        assert_eq!(all, ["0.001", "0.1", "1", "1,000", "1,000,000"]);
    }

    #[test]
    fn a_picture_has_a_known_kind() {
        assert_eq!(Kind::of(Path::new("a/b.SVG")).ok(), Some(Kind::Svg));
        assert_eq!(Kind::of(Path::new("b.html")).ok(), Some(Kind::Html));
        assert!(Kind::of(Path::new("b.png")).is_err());
    }
}
