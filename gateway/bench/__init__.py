"""Measurements: ratios taken in one run, printed with seed, machine and versions, so that anybody can repeat them.

Nothing is imported here: `child` is started by others and measured with its start.
"""
