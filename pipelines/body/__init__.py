"""The body of an article: one walk over its markup, its pictures and captions, its blocks."""
