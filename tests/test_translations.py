"""Each translation is complete, and keeps what is not for translators."""

import re
from collections import Counter

import polib
import pytest
from dev import ROOT

FILES = sorted(
    path.relative_to(ROOT)
    for language in ("de", "es", "fr")
    for path in ROOT.glob(f"crm_*/i18n/{language}.po")
)
PLACEHOLDER = re.compile(r"%\(\w+\)[a-z]|%[sdif%]|\{\{.*?\}\}|\{\w*\}")
TAG = re.compile(r"</?[a-z](?:[^<>\"@]|\"[^\"]*\")*>")
# What a reader sees of a tag.
WORDS = re.compile(r"\b(title|aria-label|alt|placeholder|string)=\"[^\"]*\"")
INDENTATION = re.compile(r"\n +")


def placeholders(text):
    """Those that code fills in; in whatever order, unless they have no name."""
    return Counter(PLACEHOLDER.findall(text))


def tags(text):
    return Counter(WORDS.sub(r"\1", tag) for tag in TAG.findall(text))


def edges(text):
    """White space around the text, and lines that are not merely indented."""
    lead, trail = re.match(r"\s*", text)[0], re.search(r"\s*$", text)[0]
    return lead, trail, INDENTATION.sub(" ", text.strip()).count("\n")


def differences(parts, entries):
    """Source and translation of each entry of which these parts are not the same."""
    return [
        (entry.msgid, entry.msgstr)
        for entry in entries
        if entry.msgstr and parts(entry.msgid) != parts(entry.msgstr)
    ]


@pytest.fixture(params=FILES, ids=lambda path: f"{path.parts[0]}-{path.stem}")
def translation(request):
    return request.param, polib.pofile(str(ROOT / request.param))


def test_there_is_a_translation():
    assert FILES


def test_header_names_language_and_plural_forms(translation):
    path, entries = translation
    assert entries.metadata["Language"] == path.stem
    assert re.match(r"nplurals=\d; plural=", entries.metadata["Plural-Forms"])
    assert "charset=UTF-8" in entries.metadata["Content-Type"]


def template(path):
    """What the addon of this translation wants translated."""
    addon = path.parts[0]
    return polib.pofile(str(ROOT / addon / f"i18n/{addon}.pot"))


def places(entries):
    """Where each term stands: Odoo applies a translation there, and nowhere else."""
    return {
        entry.msgid: {place for place, _line in entry.occurrences} for entry in entries
    }


def test_every_term_is_translated(translation):
    path, entries = translation
    done = {e.msgid for e in entries if e.msgstr.strip() and not e.fuzzy}
    assert not [e.msgid for e in template(path) if e.msgid not in done]


def test_every_term_is_translated_wherever_it_stands(translation):
    path, entries = translation
    assert places(e for e in entries if not e.obsolete) == places(template(path))


def test_placeholders_are_kept(translation):
    assert not differences(placeholders, translation[1])


def test_unnamed_placeholders_keep_their_order(translation):
    def unnamed(text):
        return re.findall(r"%[sdif]", text)

    assert not differences(unnamed, translation[1])


def test_tags_are_kept(translation):
    assert not differences(tags, translation[1])


def test_white_space_and_lines_are_kept(translation):
    assert not differences(edges, translation[1])
