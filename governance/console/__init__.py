"""The console: server-rendered pages in French and English over the same functions as the API."""
