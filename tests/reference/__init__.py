"""The results of events once more, in SQL and straight from the rows; and two real ledgers to know them by."""
