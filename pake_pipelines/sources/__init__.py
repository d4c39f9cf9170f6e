"""Floor 2: the world -> entries. One module per kind of source; `http.py` is the only way out."""
