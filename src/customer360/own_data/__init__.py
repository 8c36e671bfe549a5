"""A person's own customers: from a file in whatever shape to rows of public.customers, or to reasons why not."""
