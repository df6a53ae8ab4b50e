//! Numbers as people read them, three figures long.

/// `0`, `0.4`, `12`, `1.2 k`, `3.4 M`
pub(super) fn count(value: f64) -> String {
    match value {
        small if small < 0.05 => "0".to_owned(),
        small if small < 9.95 => trimmed(format!("{small:.1}")),
        small if small < 999.5 => format!("{small:.0}"),
        thousands if thousands < 999_500.0 => scaled(thousands / 1e3, "k"),
        millions if millions < 999_500_000.0 => scaled(millions / 1e6, "M"),
        more => scaled(more / 1e9, "G"),
    }
}

/// `480 µs`, `12 ms`, `1.4 s`, `3.2 min`, `5 h`, `12 d`
pub(super) fn seconds(value: f64) -> String {
    match value {
        tiny if tiny < 0.000_999_5 => format!("{:.0} µs", tiny * 1e6),
        small if small < 0.999_5 => scaled(small * 1e3, "ms"),
        short if short < 100.5 => scaled(short, "s"),
        long if long < 5_400.0 => scaled(long / 60.0, "min"),
        hours if hours < 172_800.0 => scaled(hours / 3600.0, "h"),
        days => scaled(days / 86_400.0, "d"),
    }
}

/// `12 s`, `4 min`, `3 h 20 min`, `2 d 4 h`: how long something has lasted.
pub(super) fn age(seconds: u64) -> String {
    match seconds {
        0..60 => format!("{seconds} s"),
        60..3600 => format!("{} min", seconds / 60),
        3600..86_400 => format!("{} h {} min", seconds / 3600, seconds % 3600 / 60),
        _ => format!("{} d {} h", seconds / 86_400, seconds % 86_400 / 3600),
    }
}

/// `784 B`, `3.9 kB`
pub(super) fn bytes(value: f64) -> String {
    if value < 999.5 { format!("{value:.0} B") } else { count(value) + "B" }
}

fn scaled(value: f64, unit: &str) -> String {
    // A space that does not break.
    let text = if value < 9.95 { trimmed(format!("{value:.1}")) } else { format!("{value:.0}") };
    format!("{text}\u{a0}{unit}")
}

fn trimmed(text: String) -> String {
    text.strip_suffix(".0").map(str::to_owned).unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_three_figures_long() {
        let counts = [0.0, 0.4, 7.0, 9.96, 12.4, 999.4, 999.6, 1234.0, 56_789.0, 3.4e6, 2e9].map(count);
        assert_eq!(counts.join("|").replace('\u{a0}', " "), "0|0.4|7|10|12|999|1 k|1.2 k|57 k|3.4 M|2 G");
        let times = [0.000_48, 0.001, 0.012, 0.9996, 1.44, 100.0, 102.0, 7200.0, 1e6].map(seconds);
        assert_eq!(times.join("|").replace('\u{a0}', " "), "480 µs|1 ms|12 ms|1 s|1.4 s|100 s|1.7 min|2 h|12 d");
        assert_eq!([7, 61, 7300, 180_000].map(age).join("|"), "7 s|1 min|2 h 1 min|2 d 2 h");
        assert_eq!([784.0, 3912.0].map(bytes).join("|").replace('\u{a0}', " "), "784 B|3.9 kB");
    }
}
