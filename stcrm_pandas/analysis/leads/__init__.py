"""How leads become jobs: inquiries, their dates, curves, tables, sentences and work lists."""
