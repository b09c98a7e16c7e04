"""The engine that carries runs: bodies and steps registered by name, their results remembered in the ledger.

Never imports a skill.
"""
