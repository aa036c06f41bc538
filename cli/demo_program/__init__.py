"""A loyalty program to look at: tiers, rules and rewards as data, and how they get into an empty database."""
