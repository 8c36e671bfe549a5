"""An independent calculation of the results of events, in SQL directly from the rows; and two real ledgers."""
