"""Bad inputs and abuse, each a permanent case on every surface where it can be tried. docs/security.md says which."""
