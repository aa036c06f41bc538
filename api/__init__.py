"""The two HTTP APIs and the kit that both are made of."""
