"""Files that people take away: each format is one function from a result to bytes."""
