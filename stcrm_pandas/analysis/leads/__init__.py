"""How leads become work: inquiries, their dates, curves, tables, sentences and work lists."""
