"""Import of contacts. The reading half (sniff, tables, vcard, presets, mapping) turns a file into drafts and knows no database."""
