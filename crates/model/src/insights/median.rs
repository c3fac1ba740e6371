//! What is usual for an account: the median of its own posts of one kind.

use std::collections::BTreeMap;

use super::column::Column;
use super::row::Sample;
use igsync_base::id::{Kind, UserId};

/// A median of fewer posts says nothing.
pub const FEWEST: usize = 5;

/// The middle of what an account's posts of one kind have.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Median {
    pub value: f64,
    /// How many posts it is of.
    pub posts: usize,
}

impl Median {
    /// `None` for fewer than [`FEWEST`], and for what is no number.
    #[must_use]
    pub fn of(values: impl IntoIterator<Item = f64>) -> Option<Self> {
        let mut values: Vec<f64> = values.into_iter().filter(|value| value.is_finite()).collect();
        if values.len() < FEWEST {
            return None;
        }
        values.sort_by(f64::total_cmp);
        let (middle, posts) = (values.len() / 2, values.len());
        let value = if posts % 2 == 1 { values[middle] } else { f64::midpoint(values[middle - 1], values[middle]) };
        Some(Self { value, posts })
    }
}

/// The medians of some accounts, by account, kind and column.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Medians(BTreeMap<(UserId, Kind, Column), Median>);

impl Medians {
    #[must_use]
    pub fn of<'s>(samples: impl IntoIterator<Item = (&'s UserId, Kind, &'s Sample)>) -> Self {
        let mut values: BTreeMap<(UserId, Kind, Column), Vec<f64>> = BTreeMap::new();
        for (user, kind, sample) in samples {
            for column in Column::numbers().filter(|column| column.is_of(kind)) {
                if let Some(value) = sample.value(column) {
                    values.entry((user.clone(), kind, column)).or_default().push(value);
                }
            }
        }
        Self(values.into_iter().filter_map(|(of, values)| Some((of, Median::of(values)?))).collect())
    }

    #[must_use]
    pub fn get(&self, user: &UserId, kind: Kind, column: Column) -> Option<Median> {
        self.0.get(&(user.clone(), kind, column)).copied()
    }

    /// How many times its median a value is; `None` where there is none, or it is 0.
    #[must_use]
    pub fn against(&self, user: &UserId, kind: Kind, column: Column, value: Option<f64>) -> Option<f64> {
        let median = self.get(user, kind, column)?.value;
        let times = value? / median;
        (median > 0.0 && times.is_finite()).then_some(times)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use igsync_base::insights::Numbers;

    #[test]
    fn a_median_is_in_the_middle_and_needs_five() {
        assert_eq!(Median::of([1.0, 2.0, 3.0, 4.0]), None);
        assert_eq!(Median::of([9.0, 1.0, 5.0, 3.0, 7.0]), Some(Median { value: 5.0, posts: 5 }));
        assert_eq!(Median::of([4.0, 1.0, 2.0, 100.0, 3.0, 5.0]), Some(Median { value: 3.5, posts: 6 }));
        assert_eq!(Median::of([1.0, 1.0, 1.0, 1.0, f64::NAN]), None);
    }

    #[test]
    fn kinds_and_accounts_have_medians_of_their_own_and_what_is_missing_counts_for_nothing() {
        let (one, two) = (UserId::from("1"), UserId::from("2"));
        let sample = |reach| Sample { numbers: Numbers { reach, ..Numbers::default() }, ..Sample::default() };
        let samples: Vec<Sample> = [Some(10), Some(20), Some(30), Some(40), Some(50), None].map(sample).into();
        let of = |user, kind| samples.iter().map(move |sample| (user, kind, sample));
        let medians = Medians::of(of(&one, Kind::Image).chain(of(&two, Kind::Reel).take(4)));
        let median = medians.get(&one, Kind::Image, Column::Reach).unwrap();
        assert_eq!(median, Median { value: 30.0, posts: 5 });
        assert_eq!(medians.get(&two, Kind::Reel, Column::Reach), None, "four are too few");
        assert_eq!(medians.get(&one, Kind::Image, Column::Views), None);
        assert_eq!(medians.against(&one, Kind::Image, Column::Reach, Some(45.0)), Some(1.5));
        assert_eq!(medians.against(&one, Kind::Image, Column::Reach, None), None);
        let none: Vec<Sample> = vec![sample(Some(0)); 5];
        let medians = Medians::of(none.iter().map(|sample| (&one, Kind::Image, sample)));
        assert_eq!(medians.against(&one, Kind::Image, Column::Reach, Some(0.0)), None, "nothing is divided by 0");
        assert_eq!(medians.against(&one, Kind::Image, Column::Reach, Some(3.0)), None);
    }

    proptest! {
        #[test]
        fn half_of_the_values_are_on_each_side(values in prop::collection::vec(0.0..1e9f64, 0..60)) {
            match Median::of(values.clone()) {
                None => prop_assert!(values.len() < FEWEST),
                Some(median) => {
                    prop_assert_eq!(median.posts, values.len());
                    let below = values.iter().filter(|value| **value < median.value).count();
                    let above = values.iter().filter(|value| **value > median.value).count();
                    prop_assert!(below * 2 <= values.len() && above * 2 <= values.len());
                }
            }
        }

        #[test]
        fn the_order_does_not_matter(mut values in prop::collection::vec(0.0..1e9f64, 5..40)) {
            let before = Median::of(values.clone());
            values.reverse();
            prop_assert_eq!(Median::of(values.clone()), before);
            values.rotate_left(2);
            prop_assert_eq!(Median::of(values), before);
        }
    }
}
