"""How a producer reports: PROTOCOL.md section 19. `queue` and `delivery` decide and do no I/O; `sender` is the thread."""
