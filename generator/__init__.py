"""Seeded generator of made-up gift shops: a log with all the dirt of a real one, and the truth beside it."""
