"""The Admin API's contract, one file per noun. Commands forbid unknown fields; views are what is shown."""
