"""Our verdicts and pyx12's over the same single mutants of one base file per guide.

`python -m tests.parsers.differential --count 10000 --seed 1` is the long run; test_differential.py is the short one.
"""
