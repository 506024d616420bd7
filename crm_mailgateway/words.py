"""Sentences that are written once and read in many languages.

The journal keeps the source term and its values; each reader gets the sentence in
his own language. Terms are declared with ``_lt``, which finds them for translators.
"""

import json

from odoo.tools.translate import LazyGettext, get_translation

MODULE = "crm_mailgateway"


def pack(sentence):
    """Return a sentence as what a JSON column holds.

    :param sentence: a term declared with ``_lt``, plain text, or nothing
    """
    if not sentence:
        return None
    if isinstance(sentence, dict):
        return sentence
    if not isinstance(sentence, LazyGettext):
        return {"source": str(sentence)}
    values = sentence._args
    if isinstance(values, dict):
        packed = {name: _value(value) for name, value in values.items()}
    else:
        packed = [_value(value) for value in values]
    return {"source": sentence._source, "values": packed}


def as_json(sentence):
    """Return a sentence as the text of a JSON column, or None."""
    packed = pack(sentence)
    return packed and json.dumps(packed)


def speak(env, packed):
    """Return a packed sentence in the language of the environment.

    :param dict packed: what :func:`pack` returned
    :return: text, or False for nothing
    """
    if not packed:
        return False
    values = packed.get("values") or ()
    if isinstance(values, dict):
        values = {name: _spoken(env, value) for name, value in values.items()}
    else:
        values = tuple(_spoken(env, value) for value in values)
    return get_translation(MODULE, env.lang or "en_US", packed["source"], values)


def document(model):
    """Return a value that is spoken as the name of a model."""
    return {"model": model}


def _value(value):
    if isinstance(value, LazyGettext):
        return pack(value)
    return value if isinstance(value, str | int | float | dict) else str(value)


def _spoken(env, value):
    if not isinstance(value, dict):
        return value
    if "model" in value:
        return env["ir.model"].sudo()._get(value["model"]).name or value["model"]
    return speak(env, value)
