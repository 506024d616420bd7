"""Fixtures of the journeys: real servers, each test on servers of its own."""

import pytest
from dev import Database
from dovecot import Dovecot
from odoo_server import OdooServer
from smtp_sink import SmtpSink


@pytest.fixture
def dovecot():
    with Dovecot() as server:
        yield server


@pytest.fixture
def sink():
    with SmtpSink() as server:
        yield server


@pytest.fixture
def database():
    with Database() as name:
        yield name


@pytest.fixture
def erp(database, sink):
    """An Odoo server whose outgoing mail goes to the sink."""
    with OdooServer(database, smtp_port=sink.port) as server:
        yield server
