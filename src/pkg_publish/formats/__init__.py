"""Pure bytes ⇄ values: no file, no socket, no clock."""
