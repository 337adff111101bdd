"""Full-text search of Chinese text, the same on every engine: the terms of a text, queries, hits."""
