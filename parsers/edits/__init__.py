"""SNIP types 3 to 7: what a legal file may still have wrong - sums, situations, codes, products, a partner's own rules.

An `Editor` reads the units of one set beside its mapping and names what it finds as findings of level `business`.
"""

from parsers.edits.editor import Editor, begin_of_lines
from parsers.edits.terms import Terms

__all__ = ["Editor", "Terms", "begin_of_lines"]
