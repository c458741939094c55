"""Rend les classes d'essai aux suites de notation."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from conftest_attaques import cold_school, school

__all__ = ["cold_school", "school"]
