//! Security: who may do what, what each caller may learn, and what no answer and no log may contain.

mod credentials;
mod operations;

mod expiry;
mod headers;
mod leaks;
mod limits;
mod matrix;
mod minting;
mod probes;
mod project_isolation;
mod settings;
