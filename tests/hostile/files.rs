//! Links, hidden and ignored files, and what a branch commits below `.igsync/`.
