"""Côté enseignant : le juge nbval (et, à terme, la notation des copies)."""
