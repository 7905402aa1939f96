"""The checks of redis_py.py, by theme."""
