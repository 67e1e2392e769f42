"""The schema's history: one revision per change, run by `db.upgrade` whenever a deployment is opened."""
