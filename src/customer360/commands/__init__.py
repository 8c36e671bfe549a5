"""What a person types: one file for each command, with what it does and what it prints."""
