"""The commands whose output aksparse reads, one module each: records, grammar, assembly."""
