"""Every question that a screen, the API or the command line asks: read only, scope enforced here."""
