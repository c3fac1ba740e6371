//! Pages of other origins and rebound host names against the sandbox.
