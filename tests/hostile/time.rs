//! Clocks, leases and times that are not to be believed.
