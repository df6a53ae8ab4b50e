#!/usr/bin/env python3
"""A synthetic corpus of news articles for scripts/bench-clean: NDJSON on standard output, always the same for the same
size and seed.

    bench_corpus.py MEGABYTES SEED

Ten languages in six scripts, in the proportions of a feed that is half English. An article has a headline, a date field,
a date line now and then, and paragraphs of one to four sentences made of the words below. About a tenth of the
paragraphs come again, as they were or in another spelling (case, white space, quotes). What the words say makes no
sense; their lengths, scripts and bytes are what a cleaner meets.
"""

import json
import random
import sys

WORDS = {
    "en": "the of and to in a is that for it was on are as with they be at this have from or had by hot but some what there we can out other were all your when up use word how said an each she market river council ferry winter budget school minister bridge harvest border hospital railway harbour engineer summit festival village",
    "de": "der die und in den von zu das mit sich des auf für ist im dem nicht ein eine als auch es an werden aus er hat dass sie nach wird bei Brücke Gemeinde Fähre Bürgermeister Straße Hafen Krankenhaus Größe Prüfung Haushalt Winterdienst",
    "fr": "le de la et les des en un du une que est pour qui dans a par plus pas au sur ne se son avec il été marché préfecture rivière école fenêtre où déjà conseil forêt œuvre garçon théâtre hôpital",
    "es": "de la que el en y a los del se las por un para con no una su al lo como más pero sus año mañana pueblo río niñez mercado alcaldía región montaña música canción corazón",
    "ru": "и в не на я что он с как это по но они мы все она так его было только мне еще бы уже для вот кто да говорит год река мост деревня паром зима бюджет школа больница граница урожай министр озеро",
    "ar": "في من على إلى أن هذا التي الذي عن مع كان كانت قال بين بعد قبل حتى كل عند لم لا ما هو هي النهر الجسر القرية المدرسة المستشفى الميناء الوزير الميزانية الشتاء السوق الحصاد مُحَمَّد العربيـــة",
    "he": "של את על לא הוא היא זה אני כי עם גם אל כל יש אין היה הייתה אחרי לפני בין הנהר הגשר הכפר בית הספר הנמל השר התקציב החורף השוק",
    "hi": "के में की है और से को का एक पर यह भी कि ने हैं लिए कर वह इस साथ नदी पुल गाँव विद्यालय अस्पताल मंत्री बजट सर्दी बाज़ार फ़सल रेलवे १२ ७५",
    "el": "και το να του η της με που την από για είναι στο ο τα τις θα δεν στην οι ένα μια ποτάμι γέφυρα χωριό σχολείο λιμάνι υπουργός χειμώνας αγορά",
    "zh": "的 一 是 在 不 了 有 和 人 这 中 大 为 上 个 国 我们 以 要 他 时间 来 用 们 生 到 作 地 于 出 河流 大桥 村庄 学校 医院 港口 部长 预算 冬天 市场 收成 铁路",
}
SHARES = {"en": 50, "de": 8, "fr": 6, "es": 8, "ru": 8, "ar": 8, "he": 2, "hi": 3, "el": 2, "zh": 5}
STOPS = {"zh": "。", "hi": "।"}
DATE_LINES = {"en": "Published: {d} January 2024", "de": "{d}. Januar 2024", "fr": "Mis à jour le {d} janvier 2024", "ar": "{d} يناير 2024", "ru": "{d} января 2024"}


def main(megabytes, seed):
    rng = random.Random(seed)
    languages, weights = list(SHARES), list(SHARES.values())
    words = {language: text.split() for language, text in WORDS.items()}
    written, number = 0, 0

    def sentence(language):
        space = "" if language == "zh" else " "
        chosen = rng.choices(words[language], k=rng.randint(8, 26))
        text = space.join(chosen)
        if rng.random() < 0.15:
            text = f"“{text}”"
        if rng.random() < 0.2:
            text += f"{space}{rng.randint(1, 2024)}"
        return text[0].upper() + text[1:] + STOPS.get(language, ".")

    def respelt(text):
        return rng.choice([str.upper, lambda t: t.replace("“", '"').replace("”", '"'), lambda t: t.replace(" ", "\u00a0"), lambda t: "  " + t, str])(text)

    while written < megabytes * 1_000_000:
        language = rng.choices(languages, weights)[0]
        paragraphs = []
        for _ in range(rng.randint(4, 24)):
            if paragraphs and rng.random() < 0.1:
                paragraphs.append(respelt(rng.choice(paragraphs)))
            else:
                paragraphs.append(" ".join(sentence(language) for _ in range(rng.randint(1, 4))))
        day = rng.randint(1, 28)
        if language in DATE_LINES and rng.random() < 0.4:
            paragraphs.insert(0, DATE_LINES[language].format(d=day))
        article = {
            "uri": f"urn:bench:{seed}:{number}",
            "title": sentence(language).rstrip(".。।"),
            "date": f"2024-01-{day:02}T{rng.randint(0, 23):02}:05:00Z",
            "language": language,
            "source": f"source-{rng.randint(1, 50)}.example",
            "text": "\n".join(paragraphs),
            "tags": rng.sample(words[language], 3),
        }
        line = json.dumps(article, ensure_ascii=False) + "\n"
        sys.stdout.write(line)
        written += len(line.encode())
        number += 1


if __name__ == "__main__":
    sys.stdout.reconfigure(encoding="utf-8", newline="\n")
    main(float(sys.argv[1]), int(sys.argv[2]))
