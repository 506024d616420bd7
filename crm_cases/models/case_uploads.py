"""Which files customers may send with a form: by type, by size, by number.

The name is what people see, the content is what a browser acts on: both must be of a
kind that is on the list, and a page or a program under an innocent name is refused.
"""

from odoo.tools.mimetypes import guess_mimetype

MAX_FILES = 5
MAX_BYTES = 10 * 1024 * 1024

EXTENSIONS = frozenset(
    [
        "pdf",
        "png",
        "jpg",
        "jpeg",
        "gif",
        "webp",
        "heic",
        "txt",
        "csv",
        "log",
        "doc",
        "docx",
        "xls",
        "xlsx",
        "odt",
        "ods",
        "odp",
        "ppt",
        "pptx",
        "rtf",
        "zip",
        "eml",
        "msg",
        "mp4",
        "mov",
        "mp3",
        "wav",
    ]
)
# What a browser or a computer would run.
ACTIVE_TYPES = (
    "text/html",
    "application/xhtml",
    "image/svg",
    "text/javascript",
    "application/javascript",
    "application/x-dosexec",
    "application/x-msdownload",
    "application/x-executable",
    "application/x-sharedlib",
    "application/vnd.microsoft.portable-executable",
    "text/x-shellscript",
)
# Only these are ever shown inside a page of ours; the rest is downloaded.
PICTURE_TYPES = ("image/png", "image/jpeg", "image/gif", "image/webp")


def find_obstacle(env, files):
    """Say in words why these files are not taken, if so.

    :param env: the environment, for the language
    :param list files: (name, bytes) of each file
    :return: a sentence, or None
    """
    if len(files) > MAX_FILES:
        return env._("Please attach %s files at most.", MAX_FILES)
    for name, content in files:
        if len(content) > MAX_BYTES:
            limit = MAX_BYTES // 1024 // 1024
            return env._(
                "“%(name)s” is larger than %(limit)s MB.", name=name, limit=limit
            )
        if not is_harmless(name, content):
            return env._("Files like “%s” cannot be sent here.", name)
    return None


def is_harmless(name, content):
    """Whether both the name and the content are of an allowed kind.

    :param str name: the name of the file as the sender wrote it
    :param bytes content: all of it
    """
    extension = name.rpartition(".")[2].lower() if "." in name else ""
    if extension not in EXTENSIONS:
        return False
    start = content[:512].lstrip().lower()
    if start.startswith(
        (b"<!doctype html", b"<html", b"<svg", b"<script", b"mz", b"\x7felf")
    ):
        return False
    return not guess_mimetype(content).startswith(ACTIVE_TYPES)
