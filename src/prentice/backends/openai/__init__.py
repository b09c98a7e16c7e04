"""The backend for OpenAI-compatible servers: LM Studio, llama-server, vLLM, mlx_lm.server, LiteLLM and others.

What a server can do is found out by what it answers, never by its name.
"""
