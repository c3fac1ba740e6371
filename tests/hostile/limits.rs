//! Inputs that are small to write and large to read.
