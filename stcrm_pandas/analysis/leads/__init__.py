"""How leads become work: inquiries, their dates, courses, tables, sentences and work lists."""
