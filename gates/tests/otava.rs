//! The change points are those of Apache Otava 0.8.0 (PyPI), on 40 series of 6 to 130 nights with
//! noise, bad nights and steps: `otava.csv`, made by `otava_series.py`.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use gates::statistics::change_points;

const SERIES: &str = include_str!("otava.csv");

/// What Otava finds as it is, what it finds when its two flaws are repaired, and the series.
type Row = (Vec<usize>, Vec<(usize, f64)>, Vec<f64>);

fn rows() -> Vec<Row> {
    let numbers = |text: &str| text.split_whitespace().map(|n| n.parse().unwrap()).collect();
    let row = |line: &str| {
        let [as_is, repaired, series] = line.split(',').collect::<Vec<_>>()[..] else { panic!() };
        let point = |text: &str| {
            let (index, p) = text.split_once(':').unwrap();
            (index.parse().unwrap(), p.parse().unwrap())
        };
        let as_is = as_is.split_whitespace().map(|n| n.parse().unwrap()).collect();
        (as_is, repaired.split_whitespace().map(point).collect(), numbers(series))
    };
    SERIES.lines().skip(1).map(row).collect()
}

#[test]
fn every_point_and_its_p_are_those_of_otava_with_the_spread_of_a_sample_and_both_neighbours() {
    let rows = rows();
    assert_eq!(rows.len(), 40);
    let mut points = 0;
    for (place, (_, repaired, series)) in rows.iter().enumerate() {
        let ours = change_points(series, 0.01, 0.05);
        let index = |points: &[(usize, f64)]| points.iter().map(|p| p.0).collect::<Vec<_>>();
        let found: Vec<_> = ours.iter().map(|point| (point.index, point.test.p)).collect();
        assert_eq!(index(&found), index(repaired), "series {place}");
        for (ours, theirs) in found.iter().zip(repaired) {
            assert!((ours.1 - theirs.1).abs() <= 1e-9 * theirs.1 + 1e-300, "{ours:?} {theirs:?}");
        }
        points += found.len();
    }
    assert_eq!(points, 72);
}

#[test]
fn otava_as_it_is_finds_the_same_in_33_of_40() {
    let rows = rows();
    let same = rows.iter().filter(|(as_is, _, series)| {
        let ours = change_points(series, 0.01, 0.05);
        ours.iter().map(|point| point.index).eq(as_is.iter().copied())
    });
    assert_eq!(same.count(), 33);
}
