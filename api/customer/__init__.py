"""The Customer API: what a member may do and see, all of it about themselves."""
