"""Two communes over local folders, as the pipeline's tests have them."""

from tests.pipeline.conftest import database_url, world

__all__ = ["database_url", "world"]
