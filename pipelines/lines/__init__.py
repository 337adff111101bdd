"""One line of text to facts: dates, datelines, people, credits, editors, keywords."""
