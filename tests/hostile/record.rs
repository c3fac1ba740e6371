//! What a branch does to the record of live posts.
