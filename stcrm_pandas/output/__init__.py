"""How text reaches people: made safe to print, and shown in a notebook."""
