"""The write side: commands and events a second, and what they cost when the store has grown."""
