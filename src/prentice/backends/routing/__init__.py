"""Which model for which work: a policy that can be read, a decision that is pure, and its reasons.

Owns what a piece of work needs, what is known of each model that is there, the order among them, and what was found out
about hosts; knows no backend's protocol and no ledger, both of which are handed in.
"""
