"""The web console: static files and their routes. It is a client of the same JSON API as everybody else."""
