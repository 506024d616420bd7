"""In which language does somebody write?

Counts words that are frequent in one language and in no other, and looks at the
script. A short or mixed text gives no answer: a wrong greeting is worse than one
in the language of the company.
"""

import re

_WORDS = {
    "en": "the and you your with have this please would not from are was can my is for"
    " what when thanks hello order been it we which there",
    "de": "der die das und ich nicht ist mit bitte wir sie ein eine auf für haben habe"
    " von zu dem den danke meine mein wie ihre kann noch bei hallo sehr geehrte",
    "fr": "le les des et je vous est pas que pour une dans avec mon ma bonjour merci"
    " votre nous sur ne suis ai mais du au commande ce cette",
    "es": "el los las y yo usted es no que para una con mi por del hola gracias su nos"
    " pero muy como estoy pedido tengo se al buenos días",
    "it": "il lo gli e io lei è non che per una con mio mia del della ciao grazie"
    " vostro sono ho ma questo ordine buongiorno di un",
    "nl": "de het een en ik niet is met u van voor mijn wij hebben heb dank graag"
    " bestelling kunt uw op aan dat hallo geachte maar",
    "pt": "o os as e eu você não que para uma com meu minha por do da olá obrigado"
    " obrigada pedido estou mas muito tenho são bom dia",
    "sv": "och jag att det är inte en ett med för på som min mitt hej tack ni vi har"
    " beställning av till den",
}
_LETTER_SETS = (
    ("ja", re.compile(r"[\u3040-\u30ff]")),
    ("ko", re.compile(r"[\uac00-\ud7af]")),
    ("zh", re.compile(r"[\u4e00-\u9fff]")),
    ("ru", re.compile(r"[\u0400-\u04ff]")),
    ("el", re.compile(r"[\u0370-\u03ff]")),
    ("ar", re.compile(r"[\u0600-\u06ff]")),
    ("he", re.compile(r"[\u0590-\u05ff]")),
    ("th", re.compile(r"[\u0e00-\u0e7f]")),
)
_WORD = re.compile(r"[^\W\d_]+")
_BUDGET = 4_000
_LEAST_WORDS = 3
_LEAST_LEAD = 1.5
_FREQUENT = {code: frozenset(words.split()) for code, words in _WORDS.items()}


def detect_language(text):
    """Return the two-letter code of a text's language, or None if in doubt.

    :param str text: plain text without quoted history
    """
    sample = (text or "")[:_BUDGET]
    script = _by_script(sample)
    if script:
        return script
    words = _WORD.findall(sample.lower())
    scores = {
        code: sum(word in frequent for word in words)
        for code, frequent in _FREQUENT.items()
    }
    (code, best), (_other, second) = sorted(
        scores.items(), key=lambda item: item[1], reverse=True
    )[:2]
    clear = best >= _LEAST_WORDS and best >= _LEAST_LEAD * second
    return code if clear else None


def _by_script(sample):
    letters = sum(character.isalpha() for character in sample)
    for code, pattern in _LETTER_SETS:
        if letters and len(pattern.findall(sample)) > letters / 4:
            return code
    return None
