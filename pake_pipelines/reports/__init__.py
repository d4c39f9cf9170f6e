"""Floor 3: what each report says (one module each), and how it looks (`render.py`, `charts.py`, `templates/`)."""
