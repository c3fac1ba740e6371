//! What a branch can put where git looks for a repository, a filter, a hook or a remote.
