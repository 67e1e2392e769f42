"""People, roles, scope, masking and the audit log."""
