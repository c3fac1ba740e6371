//! Meta's Graph API: knows Meta, knows nothing of manifests, plans or records.

pub mod wire;
