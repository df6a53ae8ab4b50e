"""The README's plot: CPU-seconds for a GB of articles, one line for each contender, on a logarithmic axis. Dots, because the length of
a bar would mean nothing there. Plain SVG that reads on a light and on a dark page.

    bench.py docs     writes docs/performance.svg from the last results
"""

import math
from html import escape

ORDER = (
    ("mirror", "bare copy (rdkafka)"),
    ("copydesk", "copydesk run"),
    ("copydesk-at-least-once", "copydesk run, at least once"),
    ("python", "Python, no dates"),
    ("streams-tuned", "Kafka Streams, tuned, no dates"),
    ("streams-defaults", "Kafka Streams, no dates"),
    ("python-dateparser-told", "Python, dateparser told the language"),
    ("python-dateparser", "Python, dateparser"),
)
LEFT, WIDTH, ROW, TOP = 250, 470, 26, 40


def draw(rows):
    shown = [(name, title, rows[name]["cpu_per_gb"]) for name, title in ORDER if name in rows]
    lowest = math.floor(math.log10(min(value for *_, value in shown)))
    highest = math.ceil(math.log10(max(value for *_, value in shown)))
    across = lambda value: LEFT + WIDTH * (math.log10(value) - lowest) / max(highest - lowest, 1)  # noqa: E731
    height = TOP + ROW * len(shown) + 34
    bottom = height - 30
    out = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {LEFT + WIDTH + 70} {height}" font-family="sans-serif" font-size="13">',
        "<style>text{fill:#57606a}line{stroke:#8c959f;stroke-opacity:.35}.desk{font-weight:bold;fill:#0969da}.dot{fill:#8c959f}"
        "@media(prefers-color-scheme:dark){text{fill:#9da7b3}.desk{fill:#4493f8}}</style>",
        f'<text x="{LEFT}" y="18">CPU-seconds of the worker for a GB of articles (less is better)</text>',
    ]
    for power in range(lowest, highest + 1):
        x = across(10**power)
        out.append(f'<line x1="{x:.1f}" y1="{TOP - 8}" x2="{x:.1f}" y2="{bottom}"/>')
        out.append(f'<text x="{x:.1f}" y="{bottom + 18}" text-anchor="middle">{10**power:,.10g}</text>')
    for at, (name, title, value) in enumerate(shown):
        y = TOP + ROW * at + 8
        style = "desk" if name == "copydesk" else "dot"
        label = ' class="desk"' if name == "copydesk" else ""
        out.append(f'<text{label} x="{LEFT - 14}" y="{y + 4}" text-anchor="end">{escape(title)}</text>')
        out.append(f'<line x1="{LEFT}" y1="{y}" x2="{across(value):.1f}" y2="{y}"/>')
        out.append(f'<circle class="{style}" cx="{across(value):.1f}" cy="{y}" r="5"/>')
        out.append(f'<text{label} x="{across(value) + 10:.1f}" y="{y + 4}">{value:,.0f}</text>' if value >= 20 else f'<text{label} x="{across(value) + 10:.1f}" y="{y + 4}">{value:.1f}</text>')
    return "\n".join([*out, "</svg>"]) + "\n"
