//! The edge: HTTP routes, auth, the JobObject, the relay.
