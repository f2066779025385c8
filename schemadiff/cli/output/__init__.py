"""What commands found, as text. Pure: `terminal` writes it.

lines       the pieces that all reports for people are made of
plan_lines  operations, SQL and hazards for people
json        the JSON format, but for what it says of operations
plan_json   operations, SQL and hazards as objects, and `diff --format sql`
units       seconds and shares in words
"""
