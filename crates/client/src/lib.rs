//! Ear and mouth: a connection as a pure state machine, report and watch.
