"""Backups: made from one snapshot, proved by restoring them, kept and removed by what their manifests say."""
