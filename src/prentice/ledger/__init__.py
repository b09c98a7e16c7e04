"""SQLite: the project's ledger of runs and proposals, and the user's record of calls.

Only migrations and queries; what the rows mean is decided above.
"""
