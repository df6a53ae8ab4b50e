"""What was measured, for people: a table, and the sentences that the requirements are written in."""

import statistics

COLUMNS = (
    ("exact", "exact"),
    ("articles_per_second", "articles/s"),
    ("mb_per_second", "MB/s"),
    ("cpu_per_gb", "CPU-s/GB"),
    ("warm_cpu_per_gb", "warm"),
    ("peak_mb", "peak MB"),
    ("broker_cpu_per_gb", "broker CPU-s/GB"),
)
TITLES = {
    "mirror": "mirror: a bare copy on rdkafka, 2 lanes",
    "copydesk": "**copydesk run**, 2 lanes",
    "copydesk-at-least-once": "copydesk run, at least once",
    "clean": "the pure function alone (`clean --threads 1`)",
}


def medians(runs):
    """One row for each contender, in the order of their first run. A row is exact where each of its runs was."""
    rows = {}
    for run in runs:
        rows.setdefault(run["contender"], []).append(run)
    result = {}
    for name, group in rows.items():
        row = {"contender": name, "runs": len(group)}
        for key, value in group[0].items():
            values = [run[key] for run in group]
            if key == "exact":
                row[key] = all(values)
            elif isinstance(value, (int, float)) and None not in values:
                row[key] = statistics.median(values)
            else:
                row[key] = value
        result[name] = row
    return result


def number(value):
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "NO"
    if value >= 1000:
        # Three digits are as many as a shared machine repeats.
        step = 10 ** (len(str(int(value))) - 3)
        return f"{round(value / step) * step:,.0f}"
    return f"{value:.0f}" if value >= 20 else f"{value:.1f}"


def table(rows):
    """A Markdown table."""
    lines = ["| | " + " | ".join(title for _, title in COLUMNS) + " |", "|---" * (len(COLUMNS) + 1) + "|"]
    for name, row in rows.items():
        cells = [number(row.get(key)) for key, _ in COLUMNS]
        lines.append(f"| {TITLES.get(name, name)} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def sentences(rows):
    """The ratios that are asked for."""
    get = lambda name, key: rows.get(name, {}).get(key)  # noqa: E731
    said = []
    desk, mirror, clean = get("copydesk", "cpu_per_gb"), get("mirror", "cpu_per_gb"), get("clean", "cpu_per_gb")
    if desk and mirror and clean:
        said.append(
            f"CPU: copydesk takes {desk:.1f} s/GB, which is {desk / (mirror + clean):.2f} times mirror + clean "
            f"({mirror:.1f} + {clean:.1f}); wanted: 1.1 at most."
        )
    speed, bare = get("copydesk", "articles_per_second"), get("mirror", "articles_per_second")
    if speed and bare:
        said.append(f"Speed: copydesk does {100 * speed / bare:.0f} % of the mirror's articles a second; wanted: 60 % at least.")
    for name, wanted in (("streams-tuned", 7), ("python", 5), ("python-dateparser", 100)):
        other, warm = get(name, "cpu_per_gb"), get(name, "warm_cpu_per_gb")
        if desk and other:
            of_warm = f" ({warm / get('copydesk', 'warm_cpu_per_gb'):.1f} when both are warm)" if warm else ""
            said.append(f"Per CPU-second copydesk does {other / desk:.1f} times what {name} does{of_warm}; wanted: {wanted}.")
    if get("copydesk", "peak_mb"):
        said.append(f"Memory: {get('copydesk', 'peak_mb'):.0f} MB at the most; wanted: under 100 with two lanes and 4 partitions.")
    digests = {name: row["dropped_digest"] for name, row in rows.items() if row.get("dropped_digest")}
    if len(digests) > 1:
        same = len({(row, rows[name]["articles"]) for name, row in digests.items()}) == len({rows[name]["articles"] for name in digests})
        said.append("All who clean drop the same lines of the same articles." if same else f"NOT ALL CLEAN ALIKE: {digests}")
    return said
