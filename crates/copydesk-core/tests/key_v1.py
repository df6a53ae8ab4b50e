#!/usr/bin/env python3
"""Key v1 in plain Python, from docs/key-v1.md alone: proof that the definition can be implemented elsewhere.

    python3 key_v1.py                 checks docs/key-v1.json
    python3 key_v1.py --answer        a JSON array of texts on standard input, of their keys on standard output
                                            (null where this Python's Unicode does not know a code point yet)
    python3 key_v1.py --write         writes docs/key-v1.json again
    python3 key_v1.py --table         the same vectors as a table for docs/key-v1.md

Needs nothing but Python 3.8 and its standard library. The vectors use code points of Unicode 12 and older.
"""

import hashlib
import json
import pathlib
import re
import sys
import unicodedata

# Default_Ignorable_Code_Point (DerivedCoreProperties.txt).
IGNORABLE = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164"
    "\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufff8\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)
DELETED = re.compile("[\u0640\u064b-\u0652\u0670]")
QUOTES = {**{c: '"' for c in "“”„‟«»"}, **{c: "'" for c in "‘’‚‛‹›"}}
DASHES = {c: "-" for c in "\u2010\u2011\u2012\u2013\u2014\u2015\u2212"}
SPACE = re.compile("[\t-\r \u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]+")


def nfkc_casefold(text):
    """Steps 1 and 2: each code point by itself until nothing changes, then NFC of the whole."""
    mapped = []
    for c in text:
        now, before = c, None
        while now != before:
            before, now = now, IGNORABLE.sub("", unicodedata.normalize("NFKC", IGNORABLE.sub("", now).casefold()))
        mapped.append(now)
    return unicodedata.normalize("NFC", "".join(mapped))


def fold(c):
    """Steps 3 to 6, for one code point."""
    if unicodedata.category(c) == "Nd":
        return str(unicodedata.decimal(c))
    return QUOTES.get(c) or DASHES.get(c) or c


def key(text):
    folded = "".join(map(fold, DELETED.sub("", nfkc_casefold(text))))
    return SPACE.sub(" ", folded).strip(" ")


def fingerprint(text):
    return hashlib.sha256(key(text).encode()).hexdigest()


TEXTS = [
    "",
    "Hello  World",
    "\ufeffHello\u00a0World\u3000",
    "\tHello\u2028World\u0085\r\n",
    "A soft\u00adhyphen, zero\u200bwidth, \u200fbidi\u202c.",
    "caf\u00e9 = CAFE\u0301",
    "a\u0323\u0307 = a\u0307\u0323 = \u1ea1\u0307",
    "STRASSE Stra\u00dfe \ufb01n \u2167 \u33a1",
    "\u0130stanbul I\u0307zmir \u0131rmak",
    "\u1f88 \u0345 \u03a3\u03b1\u03c2",
    "\u201cdouble\u201d \u201elow\u201f \u00abguillemets\u00bb \u2018single\u2019 \u201alow\u201b \u2039angle\u203a",
    "3\u20101 3\u20111 3\u20121 3\u20131 3\u20141 3\u20151 3\u22121",
    "3-1",
    "2-0",
    "He won.",
    "He won",
    "r\u00e9sum\u00e9 resume",
    "\u0667\u0665 \u06f7\u06f5 \u096d\u096b \uff17\uff15 \u0e57\u0e55 \U0001d7d5\U0001d7d3",
    "\u00bd \u00b2 \u2460 \u4e03",
    "\u0645\u062d\u0640\u0640\u0640\u0645\u062f \u0645\u064f\u062d\u064e\u0645\u0651\u064e\u062f\u064c",
    "\ufefb \ufdfa \u0671\u0644\u0652\u0639\u0670\u0644\u064e\u0645",
    "\u0623\u0625\u0622 \u0627\u0654 \u0649\u064a \u0629\u0647",
    "\u1112\u1161\u11ab\u1100\u1173\u11af = \ud55c\uae00 \u3131",
    "\u30ab\u3099\uff76\uff9e\u30ac",
    "\u0915\u093c\u0958 \u0930\u093e\u091c\u094d\u200d\u092f",
    "\u0e01\u0e33 \u0e81\u0eb3",
    "\u05e9\u05c1\u05b8\u05dc\u05d5\u05b9\u05dd \ufb2a",
    "\u00b4 \u00a8x \u2026 \u203c",
    "\U0001f468\u200d\U0001f469\u200d\U0001f467 \u2764\ufe0f",
    "\u13a0 \uab70 \U00010400",
    "\u0000 \u001f \u007f",
]
VECTORS = pathlib.Path(__file__).resolve().parents[3] / "docs" / "key-v1.json"


def vectors():
    return [{"text": text, "key": key(text), "hash": fingerprint(text)} for text in TEXTS]


def check():
    wrong = 0
    published = json.loads(VECTORS.read_text(encoding="utf-8"))
    for vector in published:
        for name, ours in (("key", key(vector["text"])), ("hash", fingerprint(vector["text"]))):
            if ours != vector[name]:
                wrong += 1
                print(f"{vector['text']!a}: {name} is {ours!a}, published is {vector[name]!a}", file=sys.stderr)
    print(f"{len(published)} vectors, {wrong} wrong, Unicode {unicodedata.unidata_version}")
    return 1 if wrong or not published else 0


def answer():
    known = lambda text: all(unicodedata.category(c) != "Cn" for c in text)  # noqa: E731
    json.dump([key(text) if known(text) else None for text in json.load(sys.stdin)], sys.stdout)


def table():
    print("| text | key | SHA-256 of the key |\n|---|---|---|")
    quoted = lambda text: "`" + json.dumps(text) + "`"  # noqa: E731
    for vector in vectors():
        print(f"| {quoted(vector['text'])} | {quoted(vector['key'])} | `{vector['hash']}` |")


if __name__ == "__main__":
    mode = sys.argv[1] if len(sys.argv) > 1 else ""
    if mode == "--answer":
        answer()
    elif mode == "--table":
        table()
    elif mode == "--write":
        VECTORS.write_text("[\n" + ",\n".join(map(json.dumps, vectors())) + "\n]\n", encoding="utf-8")
    else:
        sys.exit(check())
