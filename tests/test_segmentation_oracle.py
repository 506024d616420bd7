"""The oracle of the segmentation's engine, asked twenty thousand times."""

import pytest
from dev import dev


@pytest.mark.slow
def test_engine_and_oracle_agree_on_twenty_thousand_trees(monkeypatch):
    monkeypatch.setenv("SEGMENTATION_ORACLE_BOOKS", "20")
    monkeypatch.setenv("SEGMENTATION_ORACLE_TREES", "1000")
    done = dev("test", "crm_segmentation/tests/test_oracle.py", timeout=3600)
    assert "2 passed" in done.stdout
