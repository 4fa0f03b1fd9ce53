//! Open to embed, closed to strangers: who may do what, what is told to whom, and what is never told to anybody.

mod credentials;
mod operations;

mod expiry;
mod headers;
mod leaks;
mod limits;
mod matrix;
mod minting;
mod probes;
mod settings;
mod walls;
