"""Is this answer a bare "thank you"?

Short, without a question, and made of nothing but courtesy: it need not open a
closed case again.
"""

import re

MAX_WORDS = 12
_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)?")
_NO_SPACES = re.compile(r"[\u3040-\u30ff\u4e00-\u9fff]")
_THANKS = re.compile(
    r"\b(?:thanks?|thx|ty|cheers|danke|dankeschön|dank|merci|gracias|grazie|obrigad[oa]"
    r"|bedankt|tack|takk|tak|kiitos|dziękuję|děkuji|спасибо)\b|谢谢|感谢|ありがとう|감사",
    re.IGNORECASE,
)
_WORDS_OF_COURTESY = (
    # English
    "thank thanks thx ty you u so much very many a lot again for the your help quick"
    " fast reply response answer support great perfect super all everything it that"
    " works now fine solved is was kind regards best cheers hi hello dear team and ok"
    " okay wonderful awesome appreciated excellent service"
    # German
    " danke dankeschön vielen lieben herzlichen dank für die ihre eure deine schnelle"
    " hilfe antwort rückmeldung unterstützung gut super perfekt alles klar jetzt"
    " funktioniert es passt hallo liebe grüße mit freundlichen grüßen mfg lg viele"
    # French
    " merci beaucoup bien pour votre aide réponse rapide parfait tout fonctionne"
    " maintenant cordialement bonjour bonne journée de la à vous"
    # Spanish, Italian, Portuguese
    " gracias muchas mil por su ayuda respuesta rápida perfecto todo bien funciona"
    " ahora saludos hola un saludo grazie mille molte tante per il vostro aiuto tutto"
    " perfetto obrigado obrigada muito pela ajuda"
    # Dutch, Swedish, Norwegian, Danish, Finnish, Polish, Czech, Russian
    " bedankt hartelijk dank voor uw hulp prima tack så mycket för hjälpen takk mange"
    " tak kiitos paljon dziękuję bardzo děkuji moc спасибо большое"
)
_COURTESY = frozenset(_WORDS_OF_COURTESY.split())


def is_bare_thanks(text):
    """Tell whether an answer only says thank you.

    :param str text: what is new in it, without signature
    """
    text = (text or "").strip()
    if not _THANKS.search(text) or "?" in text or "？" in text:
        return False
    if _NO_SPACES.search(text):
        return len(text) <= MAX_WORDS
    words = _WORD.findall(text)
    if any(character.isdigit() for character in text):
        return False  # a number is a piece of information
    others = [word for word in words if word.lower() not in _COURTESY]
    # Room for the name of who is thanked and of who thanks.
    names = all(word.istitle() for word in others) and len(others) <= 2
    return len(words) <= MAX_WORDS and names
