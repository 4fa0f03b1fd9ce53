"""The contract as data (tests/cases of the repository), played through this client."""
