"""The arena: people vote blindly between two pictures, and a table of ratings moves."""
