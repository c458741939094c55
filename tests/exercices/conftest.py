"""Les bancs d'essai des exercices, offerts à leurs tests."""

from banc import bench, lenet

__all__ = ["bench", "lenet"]
