"""A spreadsheet of cases, in which no text is lost that is too long for a cell."""

import xlsxwriter

CELL = 32_000  # Excel's limit is 32,767
CUT = "[[…]]"  # what a text that goes on elsewhere says before it says so


def is_cut(text):
    """Whether a cell says that its text goes on elsewhere."""
    return isinstance(text, str) and len(text) > CELL // 3 and CUT in text[-500:]


def split(text):
    """Cut a text into pieces that fit a cell. Excel counts like UTF-16."""
    size = CELL if max(text, default="") <= "\uffff" else CELL // 2
    return [text[start : start + size] for start in range(0, len(text), size)]


class CaseSheet:
    """Rows of texts; those that fit no cell stand in parts on a second sheet.

    Written row by row: memory does not grow with them. A text that begins with "="
    is a text.

    :param stream: where the file goes
    :param labels: names of the columns; the first one is the key of a row
    :param str title: of the first sheet
    :param str more: title of the second sheet
    :param headings: of the second sheet: column, part, text
    :param str note: what a text that is cut ends with
    """

    def __init__(self, stream, labels, title, more, headings, note):
        self.book = xlsxwriter.Workbook(stream, {"constant_memory": True})
        self.page = self.book.add_worksheet(title)
        self.page.write_row(0, 0, labels)
        self.labels, self.note, self.row = labels, note, 0
        self.more, self.headings = more, headings
        self.rest, self.rest_row = None, 0

    def add(self, values):
        self.row += 1
        for column, value in enumerate(values):
            parts = split(value)
            if len(parts) > 1:
                self._add_parts(values[0], self.labels[column], parts)
                value = self._cut(parts[0])
            self.page.write_string(self.row, column, value)

    def _cut(self, text):
        """Leave room for the note, and stand in no tag."""
        note = f" {CUT} {self.note}"
        head = text[: -len(note)]
        tag = head.rfind("<")
        return (head[:tag] if tag > head.rfind(">") else head) + note

    def _add_parts(self, key, label, parts):
        if not self.rest:
            self.rest = self.book.add_worksheet(self.more)
            self.rest.write_row(0, 0, [self.labels[0], *self.headings])
        for number, part in enumerate(parts, 1):
            self.rest_row += 1
            self.rest.write_string(self.rest_row, 0, key)
            self.rest.write_string(self.rest_row, 1, label)
            self.rest.write_number(self.rest_row, 2, number)
            self.rest.write_string(self.rest_row, 3, part)

    def close(self):
        self.book.close()
