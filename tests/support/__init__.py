"""What tests share: the real servers, a database for each test, processes, and waiting for what comes to pass."""
