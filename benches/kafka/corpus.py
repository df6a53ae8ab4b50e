"""The articles: NDJSON, always the same for the same count, size, share of repeats and seed.

Ten languages in six scripts, in the proportions of a feed that is half English (the words are those of
scripts/bench_corpus.py). Each article has a headline, a date field, a date line in its language, and paragraphs until it
is as long as it should be: half to one and a half times `size`, so `size` on the average. A share of the paragraphs comes again,
as it was or in another spelling. Article N has the URI `urn:bench:N`, which is also its key in Kafka: the checker counts
by it.
"""

import json
import os
import random
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "scripts"))

from bench_corpus import SHARES, STOPS, WORDS  # noqa: E402

DATE_LINES = {
    "en": "Published: {d} January 2024",
    "de": "{d}. Januar 2024",
    "fr": "Mis à jour le {d} janvier 2024",
    "es": "{d} de enero de 2024",
    "ru": "{d} января 2024",
    "ar": "{d} يناير 2024",
    "he": "{d} בינואר 2024",
    "hi": "{d} जनवरी 2024",
    "el": "{d} Ιανουαρίου 2024",
    "zh": "2024年1月{d}日",
}
POOL = 1500  # paragraphs in each language


def key(number):
    return f"urn:bench:{number}"


def number(key):
    return int(key.rsplit(b":", 1)[1])


class Words:
    """Sentences and paragraphs of one language. They make no sense; their lengths, scripts and bytes are real."""

    def __init__(self, language, rng):
        self.language, self.rng, self.words = language, rng, WORDS[language].split()
        self.pool = [" ".join(self.sentence() for _ in range(rng.randint(1, 4))) for _ in range(POOL)]
        self.sizes = [len(paragraph.encode()) for paragraph in self.pool]

    def sentence(self):
        space = "" if self.language == "zh" else " "
        text = space.join(self.rng.choices(self.words, k=self.rng.randint(8, 26)))
        if self.rng.random() < 0.15:
            text = f"“{text}”"
        if self.rng.random() < 0.2:
            text += f"{space}{self.rng.randint(1, 2024)}"
        return text[0].upper() + text[1:] + STOPS.get(self.language, ".")


def respelt(text, rng):
    spellings = (str.upper, lambda t: t.replace("“", '"').replace("”", '"'), lambda t: t.replace(" ", "\u00a0"), str)
    return rng.choice(spellings)(text)


def articles(count, size, repeats, seed):
    rng = random.Random(f"{size} {repeats} {seed}")
    languages = {language: Words(language, rng) for language in SHARES}
    chosen = rng.choices(list(SHARES), list(SHARES.values()), k=count)
    for n, language in enumerate(chosen):
        words = languages[language]
        wanted = size * rng.uniform(0.5, 1.5) - 330  # what stands around the text
        day = rng.randint(1, 28)
        paragraphs = [DATE_LINES[language].format(d=day)]
        written = 0
        while written < wanted or len(paragraphs) < 2:
            if len(paragraphs) > 1 and rng.random() < repeats:
                paragraph = respelt(paragraphs[rng.randrange(1, len(paragraphs))], rng)
                written += len(paragraph.encode()) + 2
            else:
                at = rng.randrange(POOL)
                paragraph = words.pool[at]
                written += words.sizes[at] + 2
            paragraphs.append(paragraph)
        yield json.dumps(
            {
                "uri": key(n),
                "title": words.sentence().rstrip(".。।"),
                "date": f"2024-01-{day:02}T{rng.randint(0, 23):02}:05:00Z",
                "language": language,
                "source": f"source-{rng.randint(1, 50)}.example",
                "text": "\n".join(paragraphs),
                "tags": rng.sample(words.words, 3),
            },
            ensure_ascii=False,
        ).encode()


def corpus(folder, count, size=4000, repeats=0.1, seed=1):
    """The path of the file with these articles, one a line; made where it is missing."""
    path = Path(folder) / f"articles-{count}-{size}-{repeats}-{seed}.jsonl"
    if not path.exists():
        print(f"==> making {path}", file=sys.stderr)
        part = path.with_suffix(f".{os.getpid()}")
        with open(part, "wb") as out:
            for article in articles(count, size, repeats, seed):
                out.write(article + b"\n")
        part.rename(path)
    return path
