//! The arithmetic behind the gates: plain functions of numbers, no clock, no file.

mod change_points;
mod distribution;
mod mann_kendall;
mod proportion;
mod robust;
mod t_test;
mod theil_sen;
mod trailing;

pub use change_points::{ChangePoint, change_points};
pub use distribution::{normal_above, student_two_sided};
pub use mann_kendall::{MannKendall, mann_kendall};
pub use proportion::wilson;
pub use robust::{block_medians, mad, median};
pub use t_test::{TTest, t_test};
pub use theil_sen::{Line, theil_sen};
pub use trailing::{Trailing, trailing};
