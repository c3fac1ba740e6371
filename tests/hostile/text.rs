//! Names and texts that try to be something else on a screen or in a log.
