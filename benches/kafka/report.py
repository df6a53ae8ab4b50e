"""What was measured, for people: a table, and the sentences that the requirements are written in."""

import statistics

import plot

COLUMNS = (
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
    "streams-tuned": "Kafka Streams 4.3, exactly_once_v2, 2 threads, tuned, no dates",
    "streams-defaults": "Kafka Streams 4.3, exactly_once_v2, 2 threads, defaults, no dates",
    "python": "Python, confluent-kafka transactions, 2 processes, no dates",
    "python-dateparser": "the same with dateparser",
    "python-dateparser-told": "the same, dateparser told the language",
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
            elif key == "faults":
                # Of the worst run.
                row[key] = max(values, key=lambda faults: sum(faults.values()))
            elif isinstance(value, (int, float)) and None not in values:
                row[key] = statistics.median(values)
            else:
                row[key] = value
        result[name] = row
    return result


def number(value):
    if value is None:
        return ""
    if value >= 1000:
        # Three digits are as many as a shared machine repeats.
        step = 10 ** (len(str(int(value))) - 3)
        return f"{round(value / step) * step:,.0f}"
    return f"{value:.0f}" if value >= 20 else f"{value:.1f}"


def exactness(run):
    if "exact" not in run:
        return ""
    return "exact" if run["exact"] else ", ".join(f"{count:,} {what}" for what, count in run["faults"].items())


def table(rows):
    """A Markdown table."""
    lines = ["| | output | " + " | ".join(title for _, title in COLUMNS) + " |", "|---" * (len(COLUMNS) + 2) + "|"]
    for name, row in rows.items():
        cells = [exactness(row), *(number(row.get(key)) for key, _ in COLUMNS)]
        lines.append(f"| {TITLES.get(name, name)} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def sentences(rows):
    """The ratios for which there are targets."""
    get = lambda name, key: rows.get(name, {}).get(key)  # noqa: E731
    said = []
    desk, mirror, clean = get("copydesk", "cpu_per_gb"), get("mirror", "cpu_per_gb"), get("clean", "cpu_per_gb")
    if desk and mirror and clean:
        said.append(
            f"CPU: copydesk takes {desk:.1f} s/GB, which is {desk / (mirror + clean):.2f} times mirror + clean "
            f"({mirror:.1f} + {clean:.1f}); target: at most 1.1."
        )
    speed, bare = get("copydesk", "articles_per_second"), get("mirror", "articles_per_second")
    if speed and bare:
        said.append(f"Speed: copydesk does {100 * speed / bare:.0f} % of the mirror's articles per second; target: at least 60 %.")
    for name, target in (("streams-tuned", 7), ("python", 5), ("python-dateparser", 100)):
        other, warm = get(name, "cpu_per_gb"), get(name, "warm_cpu_per_gb")
        if desk and other:
            of_warm = f" ({warm / get('copydesk', 'warm_cpu_per_gb'):.1f} when both are warm)" if warm else ""
            said.append(f"Per CPU-second copydesk does {other / desk:.1f} times what {name} does{of_warm}; target: {target}.")
    if get("copydesk", "peak_mb"):
        said.append(f"Memory: {get('copydesk', 'peak_mb'):.0f} MB at most; target: under 100 with two lanes and 4 partitions.")
    digests = {name: row["dropped_digest"] for name, row in rows.items() if row.get("dropped_digest")}
    if len(digests) > 1:
        same = len({(row, rows[name]["articles"]) for name, row in digests.items()}) == len({rows[name]["articles"] for name in digests})
        said.append("All contenders that clean drop the same lines of the same articles." if same else f"NOT ALL CLEAN ALIKE: {digests}")
    return said


def milliseconds(value):
    return "" if value is None else f"{value:.1f}" if value < 100 else f"{value:,.0f}"


def latency_line(row):
    shares = " ".join(f"{key} {milliseconds(row[key])}" for key in ("p50", "p99", "p999") if row[key] is not None)
    return f"{row['contender']:24}{row['rate']:8.0f}/s  {shares or '-'} ms  {100 * row['cpu']:.1f} % of a core  {row['wake_ups_per_second']:.0f} wake-ups/s"


def latency_table(rows):
    lines = ["| | articles/s | p50 ms | p99 ms | p99.9 ms | longest ms | % of a core | wake-ups/s |", "|---|---|---|---|---|---|---|---|"]
    for row in rows:
        times = " | ".join(milliseconds(row[key]) for key in ("p50", "p99", "p999", "longest"))
        half = " (half)" if row["rate_asked"] == "half" else ""
        title = TITLES.get(row["contender"], row["contender"])
        lines.append(f"| {title} | {row['rate']:,.0f}{half} | {times} | {100 * row['cpu']:.1f} | {row['wake_ups_per_second']:,.0f} |")
    return "\n".join(lines)


def scaling_table(rows):
    lines = ["| | | who | output | articles/s | MB/s | CPU-s/GB | CPU µs an article | peak MB |", "|---|---|---|---|---|---|---|---|---|"]
    last = None
    for row in rows:
        each = row["cpu_per_gb"] * row["input_mb"] * 1000 / row["articles"]
        figures = [row[key] for key in ("articles_per_second", "mb_per_second", "cpu_per_gb")] + [each, row["peak_mb"]]
        cells = [exactness(row), *map(number, figures)]
        lines.append(f"| {row['what'] if row['what'] != last else ''} | {row['value']} | {row['contender']} | " + " | ".join(cells) + " |")
        last = row["what"]
    return "\n".join(lines)


def write_docs(folder, results):
    """Puts each table between its marks in performance.md, and draws the plot."""
    path = folder / "performance.md"
    text = path.read_text()
    parts = {}
    if "throughput" in results:
        rows = results["throughput"]["rows"]
        parts["throughput"] = table(rows) + "\n\n" + "\n".join(f"- {sentence}" for sentence in sentences(rows))
        (folder / "performance.svg").write_text(plot.draw(rows))
    if "latency" in results:
        parts["latency"] = latency_table(results["latency"]["rows"])
    if "scaling" in results:
        parts["scaling"] = scaling_table(results["scaling"]["rows"])
    for name, part in parts.items():
        begin, end = f"<!-- bench:{name} -->\n", f"\n<!-- /bench:{name} -->"
        before, after = text.index(begin) + len(begin), text.index(end)
        text = text[:before] + part + text[after:]
    path.write_text(text)
