"""The strategies, one family a file. Each picks from the sides it is shown and reads nothing else."""
