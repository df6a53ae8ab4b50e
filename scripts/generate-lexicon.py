#!/usr/bin/env python3
"""Writes crates/newsdates/src/lexicon/cldr.txt and orders.txt from Unicode CLDR: a step of scripts/generate-words.

Names drift between CLDR versions (Sinhala, Bengali, Punjabi …), and the pages that are read were written with all of
them, so the table is the union of three: the newest packages of npm (cldr-dates-full, cldr-cal-*-full), Babel's CLDR,
and ICU's.

usage: scripts/generate-lexicon.py NODE_MODULES

A line of cldr.txt is `text TAB code[:lang|lang…] …`; the codes are explained in crates/newsdates/src/lexicon/meaning.rs.
The languages stand only where the text means more than one thing. The text is lower case and not folded further: the
reader folds it, so that there is one definition of folding.
"""
import collections, json, os, re, sys, unicodedata

import babel
from babel import localedata
import icu

CALENDARS = {  # CLDR's name: (package, code of months, code of eras)
    "gregorian": ("cldr-dates-full", "g", "G"), "islamic": ("cldr-cal-islamic-full", "h", "H"),
    "persian": ("cldr-cal-persian-full", "p", "P"), "hebrew": ("cldr-cal-hebrew-full", "b", "A"),
    "ethiopic": ("cldr-cal-ethiopic-full", "e", "E"), "buddhist": ("cldr-cal-buddhist-full", None, "B"),
    "japanese": ("cldr-cal-japanese-full", None, "J"), "roc": ("cldr-cal-roc-full", None, "R"),
}
DAYS = {"mon": 1, "tue": 2, "wed": 3, "thu": 4, "fri": 5, "sat": 6, "sun": 7}
UNITS = {"second": "s", "minute": "m", "hour": "h", "day": "d", "week": "w", "month": "M", "year": "y"}
PERIODS = {"am": "a", "pm": "q", "noon": "N", "midnight": "n", "morning1": "a", "morning2": "a", "afternoon1": "q",
           "afternoon2": "q", "evening1": "q", "evening2": "q", "night1": "n", "night2": "n"}
ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "crates", "newsdates", "src", "lexicon")

table = collections.defaultdict(lambda: collections.defaultdict(set))  # text → code → languages


def lower(text):
    text = "".join(c.lower() for c in unicodedata.normalize("NFC", text))
    return re.sub(r"[\s\u202f\u00a0]+", " ", text).strip()


def add(text, code, lang):
    if not isinstance(text, str) or not text.strip():
        return
    text = lower(text)
    # Numbered months ("M07", "7月", "сарын 1") are read as numbers, not as names.
    if any(c.isdigit() for c in text.replace("{0}", "")):
        return
    letters = [c for c in text if unicodedata.category(c)[0] in "LM"]
    if not letters or code[0] in "gwhpbe" and len(letters) == 1 and ord(letters[0]) < 0x2E80:
        return  # narrow forms (M, T, W) say too little
    table[text][code].add(lang)


def bare(text):
    """As the reader takes it at least: "out." is "out", "ará" is "ara". What either means makes the other ambiguous."""
    return "".join(c for c in unicodedata.normalize("NFD", text) if unicodedata.category(c) != "Mn" and c not in ". ")


# Names that the rule below would treat otherwise, as the table has them since it was first made: readings rest on it.
WITHOUT_LANGUAGES = set("""bre bé bél bṛa jän jän. jól ktu maṛ már ow pûş rêb ser sâ sâm tîr èr ìg òg òk òkú če ṣẹ́ ṣẹ́r ẹr ẹt
    ọ̀w""".split())
WITH_LANGUAGES = {"иш.", "ߞߊ߬ߙ", "ߞߊ߯ߙ"}
OTHER_LANGUAGES = {
    "dic.": "g12:co",
    "jan.": "g1:af|da|de|dsb|fo|hsb|hu|ie|is|ksh|lb|nb|nds|nn|no|pt|sl|sv",
    "kṭu": "g10:rif|tzm",
    "lá": "w6:smn",
    "may.": "g5:an",
    "mei": "g5:af|asa|bem|frr|guz|haw|id|jmc|jv|kde|ksb|luy|mi|ms|nl|nso|ny|pap|pis|rwk|sw|vun|wae",
    "okt.": "g10:af|da|de|dsb|fo|hsb|hu|is|ksh|lb|lv|nb|nds|nn|no|sl|sv",
    "out": "g8:ht|mfe",
    "paź": "g10:pl|szl",
    "sa.": "w6:af|de|gsw|ksh|lb|nds",
    "su.": "w7:fo|gsw|is|ksh|vo",
    "sá": "w6:ast|jgo",
    "tu.": "w2:vo",
}


def is_ambiguous(text, codes, names):
    """Does a text need its languages: does it mean two things, or a name in Latin letters that is another without them?"""
    if text in WITHOUT_LANGUAGES:
        return False
    is_name = next(iter(codes))[0] in "gw" and bare(text).isascii()
    return len(codes) > 1 or text in WITH_LANGUAGES or is_name and len(names[bare(text)]) > 1


def literals(pattern, lang):
    """The words that a locale puts between the fields of a date: de, gada, թ."""
    out, plain, i = [], "", 0
    while i < len(pattern):
        if pattern[i] == "'":
            j = pattern.find("'", i + 1)
            j = len(pattern) if j < 0 else j
            plain += pattern[i + 1:j] or "'"
            i = j + 1
        elif pattern[i].isascii() and pattern[i].isalpha():
            plain += "\0"
            i += 1
        else:
            plain += pattern[i]
            i += 1
    for piece in re.split(r"[\0\s,،、/:;.\-–—{}0-9\u200e\u200f]+", plain):
        if any(c.isalpha() for c in piece) and len(piece) < 16:
            add(piece, "f", lang)


def calendar(cal, data, lang):
    _, month_code, era_code = CALENDARS[cal]
    if month_code:
        for context in data.get("months", {}).values():
            for width, names in context.items():
                for key, name in (names if isinstance(names, dict) else {}).items():
                    number = 14 if key == "7-yeartype-leap" else int(key) if str(key).isdigit() else None
                    if number:
                        add(name, f"{month_code}{number}", lang)
    if cal == "gregorian":
        for context in data.get("days", {}).values():
            for width, names in context.items():
                for key, name in names.items():
                    add(name, f"w{DAYS[key] if key in DAYS else int(key) + 1}", lang)
        for context in (data.get("dayPeriods") or data.get("day_periods") or {}).values():
            for names in context.values():
                for key, name in names.items():
                    code = PERIODS.get(key.removesuffix("-alt-variant"))
                    if code and sum(c.isalpha() for c in name) > 1:
                        add(name, code, lang)
    eras = data.get("eras") or {}
    for names in eras.values():
        for key, name in names.items():
            key = str(key).split("-")[0]
            if era_code == "J":
                if int(key) >= 232 and sum(c.isalpha() for c in str(name)) > 1:
                    add(name, f"J{int(key) - 231}", lang)
            elif (era_code in "HPABE" and key == "0") or (era_code in "GR" and key == "1"):
                if sum(c.isalpha() for c in str(name)) > 1 or not str(name).isascii():
                    add(name, era_code, lang)
    for kind in ("dateFormats", "dateSkeletons", "date_formats"):
        for pattern in (data.get(kind) or {}).values():
            pattern = pattern if isinstance(pattern, str) else getattr(pattern, "pattern", None) or (pattern.get("_value") if isinstance(pattern, dict) else "")
            literals(pattern or "", lang)
    formats = data.get("dateTimeFormats") or {}
    for pattern in (formats.get("availableFormats") or {}).values():
        if isinstance(pattern, str):
            literals(pattern, lang)
    for kind in ("dateTimeFormats", "dateTimeFormats-atTime"):
        for pattern in (data.get(kind) or {}).values():
            for one in (pattern.values() if isinstance(pattern, dict) else [pattern]):
                if isinstance(one, str) and "{0}" in one and len(one) < 40:
                    literals(one.replace("{0}", "\0").replace("{1}", "\0"), lang)


def fields(data, lang):
    """Relative words and patterns, the past only: a page is not dated in the future."""
    for key, field in data.items():
        name = key.split("-")[0]
        if name in UNITS:
            past = field.get("relativeTime-type-past") or {}
            for count, pattern in past.items():
                fixed = {"zero": 0, "one": 1, "two": 2}.get(count.rsplit("-", 1)[-1])
                relative(pattern, UNITS[name], fixed, lang)
            if name == "day":
                for n in (0, -1, -2):
                    add(field.get(f"relative-type-{n}"), f"rd{-n}", lang)
            if name == "second":
                add(field.get("relative-type-0"), "rs0", lang)
        elif name in DAYS:
            add(field.get("relative-type--1"), f"l{DAYS[name]}", lang)


def relative(pattern, unit, fixed, lang):
    if not pattern:
        return
    if "{0}" in pattern:
        if pattern.strip() != "{0}":
            add(pattern, f"r{unit}", lang)
    elif fixed is not None:
        add(pattern, f"r{unit}{fixed}", lang)


def from_npm(folder):
    orders = {}
    for cal, (package, _, _) in CALENDARS.items():
        main = os.path.join(folder, package, "main")
        for locale in sorted(os.listdir(main)):
            lang = locale.split("-")[0]
            path = os.path.join(main, locale, f"ca-{cal}.json")
            if os.path.exists(path):
                data = json.load(open(path, encoding="utf-8"))["main"][locale]["dates"]["calendars"][cal]
                calendar(cal, data, lang)
                if cal == "gregorian":
                    short = data["dateFormats"]["short"]
                    order(orders, locale, short if isinstance(short, str) else short["_value"])
    main = os.path.join(folder, "cldr-dates-full", "main")
    for locale in sorted(os.listdir(main)):
        data = json.load(open(os.path.join(main, locale, "dateFields.json"), encoding="utf-8"))
        fields(data["main"][locale]["dates"]["fields"], locale.split("-")[0])
    return orders


def order(orders, locale, pattern):
    found = "".join(dict.fromkeys(c for c in re.sub(r"'[^']*'", "", pattern) if c in "yMd"))
    if len(found) == 3:
        orders.setdefault(locale.replace("_", "-"), found.upper())


def from_babel(orders):
    for identifier in sorted(localedata.locale_identifiers()):
        try:
            locale = babel.Locale.parse(identifier)
            data = locale._data
            lang = identifier.split("_")[0]
            calendar("gregorian", {k: data.get(k) or {} for k in ("months", "days", "day_periods", "date_formats")}, lang)
            for pattern in (data.get("datetime_skeletons") or {}).values():
                literals(getattr(pattern, "pattern", ""), lang)
            for unit, ways in (data.get("date_fields") or {}).items():
                name = unit.split("-")[0]
                for count, pattern in (ways.get("past") or {}).items() if name in UNITS else ():
                    relative(pattern, UNITS[name], {"zero": 0, "one": 1, "two": 2}.get(count), lang)
            order(orders, identifier, data["date_formats"]["short"].pattern)
        except (babel.UnknownLocaleError, KeyError, ValueError) as error:
            print(f"babel {identifier}: {error!r}", file=sys.stderr)


def from_icu():
    for name in sorted(icu.Locale.getAvailableLocales()):
        lang = name.split("_")[0]
        for cal, (_, month_code, _) in CALENDARS.items():
            if not month_code:
                continue
            symbols = icu.DateFormatSymbols(icu.Locale(f"{name}@calendar={cal}"), cal)
            for context in (symbols.FORMAT, symbols.STANDALONE):
                for width in (symbols.WIDE, symbols.ABBREVIATED):
                    for i, month in enumerate(symbols.getMonths(context, width)):
                        add(month, f"{month_code}{14 if cal == 'hebrew' and i == 13 else i + 1}", lang)
                    if cal == "gregorian":
                        for i, day in enumerate(symbols.getWeekdays(context, width)):
                            if i:
                                add(day, f"w{(i + 5) % 7 + 1}", lang)
            for style in (icu.DateFormat.kFull, icu.DateFormat.kLong, icu.DateFormat.kMedium):
                literals(icu.DateFormat.createDateInstance(style, icu.Locale(f"{name}@calendar={cal}")).toPattern(), lang)


def write(orders):
    lines = []
    names = collections.defaultdict(set)
    for text, codes in table.items():
        names[bare(text)].update(code for code in codes if code[0] in "gw")
    for text in sorted(table):
        codes = table[text]
        many = is_ambiguous(text, codes, names)
        cells = [code + (":" + "|".join(sorted(langs)) if many else "") for code, langs in sorted(codes.items())]
        lines.append("\t".join([text, *([OTHER_LANGUAGES[text]] if text in OTHER_LANGUAGES else cells)]))
    with open(os.path.join(ROOT, "cldr.txt"), "w", encoding="utf-8") as f:
        f.write("\n".join(lines) + "\n")
    kept = {}
    for locale in sorted(orders, key=lambda l: (l.count("-"), l)):
        parent = locale.rsplit("-", 1)[0] if "-" in locale else None
        while parent and parent not in kept and "-" in parent:
            parent = parent.rsplit("-", 1)[0]
        if orders[locale] != (kept.get(parent) or "DMY"):
            kept[locale] = orders[locale]
    with open(os.path.join(ROOT, "orders.txt"), "w", encoding="utf-8") as f:
        f.write("".join(f"{locale}\t{kept[locale]}\n" for locale in sorted(kept)))
    print(f"{len(lines)} entries, {sum(len(l.encode()) + 1 for l in lines)} bytes; {len(kept)} orders", file=sys.stderr)


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    orders = from_npm(sys.argv[1])
    from_babel(orders)
    from_icu()
    write(orders)


main()
