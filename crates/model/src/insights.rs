//! The numbers of published posts as rows, and what they are against the account's own. Values in, values out: whoever
//! reads the numbers does so elsewhere.

mod column;
mod median;
mod row;
mod since;

pub use column::{Column, Unit};
pub use median::{FEWEST, Median, Medians};
pub use row::{Missing, Row, Sample, sort};
pub use since::Since;
