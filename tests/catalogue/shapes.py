"""The shapes of DCAT-AP that a catalogue is held against, where the reference material is beside the project."""

import os

import pytest
from rdflib import Graph

from governance.settings import PROJECT_ROOT

SHAPES = PROJECT_ROOT.parent / "shared" / "suites" / "dcat-ap-shacl"
THREE = ("3.0.1/shapes.ttl", "3.0.1/range.ttl")
TWO = ("2.1.1/dcat-ap_2.1.1_shacl_shapes.ttl",)


def shapes_of(*names: str) -> Graph:
    """Read shapes; the test is skipped without them, or fails where they have to be there."""
    if not SHAPES.is_dir():
        if os.environ.get("ARCHIPEL_TEST_REQUIRE_SHARED"):
            pytest.fail("the reference material folder must be beside the project")
        pytest.skip("the reference material folder is not beside the project")
    shapes = Graph()
    for name in names:
        shapes.parse(SHAPES / name, format="turtle")
    return shapes
