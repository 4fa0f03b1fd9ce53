"""How a producer reports: PROTOCOL.md section 19.

`queue` and `delivery` decide, without I/O; `sender` is the thread that drives them.
"""
