//! What a person should know, as a value.

use std::fmt;

/// One remark, on one or more lines. Commands of igsync in it are in backticks: `` `igsync plan` ``.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note(String);

impl Note {
    pub(crate) fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A value, and what is to be said before anything is done with it. Notes come along with a failure, too.
#[must_use = "its notes have not been printed yet"]
#[derive(Debug)]
pub(crate) struct Noted<T> {
    pub value: T,
    pub notes: Vec<Note>,
}

impl<T> Noted<T> {
    /// What `work` gives, with the notes that it has added.
    pub(crate) async fn of(work: impl AsyncFnOnce(&mut Vec<Note>) -> T) -> Self {
        let mut notes = Vec::new();
        let value = work(&mut notes).await;
        Self { value, notes }
    }

    /// The value; its notes go behind those of whoever asked for it.
    pub(super) fn noting(self, notes: &mut Vec<Note>) -> T {
        notes.extend(self.notes);
        self.value
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn notes_come_along_with_a_failure_in_their_order() {
        let inner = Noted::of(async |notes| {
            notes.push(Note::new("second"));
            Err::<(), _>("failed")
        });
        let outer = Noted::of(async |notes| {
            notes.push(Note::new("first"));
            inner.await.noting(notes)?;
            notes.push(Note::new("never"));
            Ok::<_, &str>(())
        });
        let Noted { value, notes } = outer.await;
        assert_eq!(value, Err("failed"));
        assert_eq!(notes, [Note::new("first"), Note::new("second")]);
    }
}
