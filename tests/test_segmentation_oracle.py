"""The oracle of the segmentation's engine, asked twenty thousand times."""

import pytest
from dev import dev


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(10))
def test_engine_and_oracle_agree_on_two_thousand_trees(monkeypatch, seed):
    """Ten parts, each with books of its own, so that a part can be asked alone."""
    monkeypatch.setenv("SEGMENTATION_ORACLE_SEED", str(seed))
    monkeypatch.setenv("SEGMENTATION_ORACLE_BOOKS", "4")
    monkeypatch.setenv("SEGMENTATION_ORACLE_TREES", "500")
    done = dev("test", "crm_segmentation/tests/test_oracle.py", timeout=3600)
    assert "2 passed" in done.stdout
