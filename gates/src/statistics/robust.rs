//! Medians, which a bad night or a pause does not move.

/// The median; of an even number the middle of the two in the middle. None of nothing.
pub fn median(values: &[f64]) -> Option<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let middle = sorted.len() / 2;
    match sorted.len() {
        0 => None,
        n if n % 2 == 1 => Some(sorted[middle]),
        _ => Some(f64::midpoint(sorted[middle - 1], sorted[middle])),
    }
}

/// The median distance from the median makes this times the standard deviation of a normal
/// distribution: 1 over its quantile at 3/4.
const NORMAL: f64 = 1.482_602_218_505_602;

/// The median distance from the median, scaled so that it is the standard deviation where values are
/// normal.
pub fn mad(values: &[f64]) -> Option<f64> {
    let center = median(values)?;
    let distances: Vec<f64> = values.iter().map(|value| (value - center).abs()).collect();
    Some(NORMAL * median(&distances)?)
}

/// The medians of blocks of `block_s` seconds, with the middle of each block; `points` are (second,
/// value). Blocks without a point are left out: nothing was measured there.
pub fn block_medians(
    points: &[(f64, f64)],
    from_s: f64,
    to_s: f64,
    block_s: f64,
) -> Vec<(f64, f64)> {
    let blocks = ((to_s - from_s) / block_s).floor() as usize;
    let mut values: Vec<Vec<f64>> = vec![Vec::new(); blocks];
    for (second, value) in points.iter().filter(|point| point.0 >= from_s) {
        let block = ((second - from_s) / block_s).floor() as usize;
        if let Some(block) = values.get_mut(block) {
            block.push(*value);
        }
    }
    let middle = |block: usize| from_s + (block as f64 + 0.5) * block_s;
    let medians = values.iter().enumerate();
    medians.filter_map(|(block, values)| Some((middle(block), median(values)?))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_of_an_even_number_lies_between_the_two_in_the_middle() {
        assert_eq!(median(&[]), None);
        assert_eq!(median(&[7.0]), Some(7.0));
        assert_eq!(median(&[9.0, 1.0, 4.0]), Some(4.0));
        assert_eq!(median(&[9.0, 1.0, 4.0, 6.0]), Some(5.0));
    }

    #[test]
    fn one_bad_night_moves_the_spread_hardly() {
        // Median 11; distances 1, 0, 2, 89, 1: median 1.
        // scipy 1.16.3 median_abs_deviation(.., scale="normal"): 1.482602218505602.
        assert_eq!(mad(&[10.0, 11.0, 13.0, 100.0, 10.0]), Some(NORMAL));
        assert_eq!(mad(&[5.0, 5.0, 5.0]), Some(0.0));
    }

    #[test]
    fn a_block_has_the_median_of_its_points_and_none_where_nothing_was_measured() {
        // Blocks of 10 s from 5: [5, 15), [15, 25), [25, 35); what is before and after is left out.
        let points =
            [(4.0, 99.0), (5.0, 1.0), (14.9, 3.0), (15.0, 8.0), (35.0, 77.0), (36.0, 50.0)];
        assert_eq!(block_medians(&points, 5.0, 35.0, 10.0), [(10.0, 2.0), (20.0, 8.0)]);
    }
}
