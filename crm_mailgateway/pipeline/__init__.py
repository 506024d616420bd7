"""Decisions about one mail, as pure functions over bytes and parsed headers.

Nothing here knows a record or a database: models call these functions, and act
on the typed values that come back.
"""
