"""The strategies, one family a file. Each acts on the as-of frame alone."""
