#!/usr/bin/env python3
"""Writes crates/newsdates/src/lexicon/numbers.txt: the words for one to twenty, of every language whose spellout rules CLDR has.

A step of scripts/generate-words; the data of unicode-rbnf are CLDR's rule-based number formats.

A line is `number@lang|lang…: word`. All genders and cases
are there ("vor einer Woche", "przed dwoma dniami"). Words of languages that CLDR has no rules for, and cases that it
leaves out, stand in crates/newsdates/words/*.txt. The text is not folded: the reader folds it.
"""
import collections, os, unicodedata

from unicode_rbnf import RbnfEngine

LAST = 20
LEFT_OUT = {"ak"}  # Akan "du" is ten, Lithuanian "du" two
ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "crates", "newsdates", "src", "lexicon")


def main():
    words = collections.defaultdict(lambda: collections.defaultdict(set))
    for name in RbnfEngine.get_supported_languages():
        engine, language = RbnfEngine.for_language(name), {"no": "nb"}.get(name.split("_")[0], name.split("_")[0])
        if language in LEFT_OUT:
            continue
        for number in range(1, LAST + 1):
            for rules, word in engine.format_number(number).text_by_ruleset.items():
                is_cardinal = "cardinal" in rules or rules.endswith("numbering")
                word = unicodedata.normalize("NFC", word.replace("\u00ad", "")).strip().lower()
                # A rule that is missing gives digits; one letter is too many other words ("o", "a", "е").
                if is_cardinal and word and not any(c.isdigit() for c in word) and (len(word) > 1 or ord(word) >= 0x1100):
                    words[word][number].add(language)
    with open(os.path.join(ROOT, "numbers.txt"), "w", encoding="utf-8") as file:
        for word in sorted(words):
            for number, languages in sorted(words[word].items()):
                file.write(f"{number}@{'|'.join(sorted(languages))}: {word}\n")


main()
