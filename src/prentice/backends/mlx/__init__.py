"""Models in this process, on MLX: Apple silicon, and Linux where MLX runs on the processor.

One thread owns MLX and decodes all replies in flight together. Nothing outside this package imports mlx, mlx_lm or
llguidance, and nothing in it does before a model is used.
"""
