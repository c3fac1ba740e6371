//! Which program and which output is given which secret.
