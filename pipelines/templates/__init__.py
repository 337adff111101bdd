"""A file a generation of pages; `registry` tells which printed one."""
