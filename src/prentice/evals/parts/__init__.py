"""How each part is measured: a module for each, which carries a case out as the product does, and judges the outcome.

Owns what counts as right; knows nothing of many cases, of models compared, or of what is kept.
"""
