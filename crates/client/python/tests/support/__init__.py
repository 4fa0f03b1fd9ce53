"""What the tests need beside the client: a proxy, a server of their own, and a reader in the background."""
