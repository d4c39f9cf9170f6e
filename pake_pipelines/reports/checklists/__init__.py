"""The operations checklists: every item evaluated, none assumed (DOC-01..03, DOC-10..13)."""
