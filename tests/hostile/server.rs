//! Answers of a server that lies.
