//! What proves that a live post is gone. A pure decision; `missing` reads what it needs.

/// What one look shows of one post that may be gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Signs {
    /// The listing was read past its time without an error, and does not have it.
    pub is_unlisted: bool,
    /// A read of the post itself is denied.
    pub is_denied: bool,
    pub witness: Witness,
}

/// Who shows that the service does answer for what is live.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Witness {
    /// Another recorded post of the account answered in this look.
    Post,
    /// The record has no other post: the account itself answered, and two whole listings agree.
    Account,
    None,
}

/// Whether two looks, apart by the time that listings may lag, prove that a post is gone.
pub(super) fn is_gone(first: Signs, second: Signs) -> bool {
    [first, second].iter().all(|look| look.is_unlisted && look.is_denied && look.witness != Witness::None)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_sign_counts_in_both_looks() {
        let all = Signs { is_unlisted: true, is_denied: true, witness: Witness::Post };
        assert!(is_gone(all, all) && is_gone(all, Signs { witness: Witness::Account, ..all }));
        for lacking in [
            Signs { is_unlisted: false, ..all },
            Signs { is_denied: false, ..all },
            Signs { witness: Witness::None, ..all },
        ] {
            assert!(!is_gone(all, lacking) && !is_gone(lacking, all), "{lacking:?}");
        }
    }
}
