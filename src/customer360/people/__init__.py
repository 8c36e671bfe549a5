"""Individual customers: the lists behind numbers, one customer's facts, audiences, and forgetting a customer."""
