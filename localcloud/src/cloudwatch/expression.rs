//! Metric math, the common part: numbers, ids, `+ - * / ^`, parentheses, and the functions
//! SUM, AVG, MIN, MAX, ABS, CEIL, FLOOR, FILL, PERIOD and METRICS().
//!
//! CloudWatch user guide, "Using math expressions with CloudWatch metrics". An operation on two
//! series has a value where both have one; a division by zero has none.

use std::collections::BTreeMap;

/// Values by the beginning of their period.
pub(super) type Points = BTreeMap<i64, f64>;

/// What an expression can refer to.
pub(super) struct Known<'a> {
    /// Series by id.
    pub(super) series: &'a BTreeMap<String, Points>,
    /// Those of MetricStat queries, which METRICS() means.
    pub(super) metrics: &'a [String],
    /// Seconds of a period.
    pub(super) period: i64,
    /// The periods asked for, for FILL.
    pub(super) starts: &'a [i64],
}

#[derive(Clone, Debug, PartialEq)]
enum Value {
    Scalar(f64),
    Series(Points),
    Many(Vec<Points>),
}

/// The points of an expression. AWS wants a series as the result, never a number alone.
pub(super) fn evaluate(text: &str, known: &Known<'_>) -> Result<Points, String> {
    let mut parser = Parser { rest: text, known };
    let value = parser.sum()?;
    if !parser.rest.trim_start().is_empty() {
        return Err(format!(
            "unexpected {:?} in the expression {text:?}",
            parser.rest.trim_start()
        ));
    }
    match value {
        Value::Series(points) => Ok(points),
        Value::Scalar(_) => Err(format!("the expression {text:?} must give a time series")),
        Value::Many(_) => {
            Err(format!("the expression {text:?} gives several time series, which is not imitated"))
        }
    }
}

struct Parser<'a, 'k> {
    rest: &'a str,
    known: &'k Known<'k>,
}

impl Parser<'_, '_> {
    fn take(&mut self, symbols: &[char]) -> Option<char> {
        self.rest = self.rest.trim_start();
        let symbol = self.rest.chars().next().filter(|symbol| symbols.contains(symbol))?;
        self.rest = &self.rest[symbol.len_utf8()..];
        Some(symbol)
    }

    fn sum(&mut self) -> Result<Value, String> {
        let mut value = self.product()?;
        while let Some(symbol) = self.take(&['+', '-']) {
            let right = self.product()?;
            value = combine(value, right, symbol)?;
        }
        Ok(value)
    }

    fn product(&mut self) -> Result<Value, String> {
        let mut value = self.power()?;
        while let Some(symbol) = self.take(&['*', '/']) {
            let right = self.power()?;
            value = combine(value, right, symbol)?;
        }
        Ok(value)
    }

    fn power(&mut self) -> Result<Value, String> {
        if self.take(&['-']).is_some() {
            return combine(Value::Scalar(0.0), self.power()?, '-');
        }
        let base = self.atom()?;
        match self.take(&['^']) {
            Some(symbol) => combine(base, self.power()?, symbol),
            None => Ok(base),
        }
    }

    fn atom(&mut self) -> Result<Value, String> {
        if self.take(&['(']).is_some() {
            let value = self.sum()?;
            return self.closed(value);
        }
        let word: String = self
            .rest
            .trim_start()
            .chars()
            .take_while(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '.'))
            .collect();
        self.rest = &self.rest.trim_start()[word.len()..];
        if let Ok(number) = word.parse() {
            return Ok(Value::Scalar(number));
        }
        if self.take(&['(']).is_some() {
            return self.call(&word);
        }
        let points = self.known.series.get(&word);
        points.cloned().map(Value::Series).ok_or_else(|| format!("no query has the id {word:?}"))
    }

    fn closed(&mut self, value: Value) -> Result<Value, String> {
        self.take(&[')']).map(|_| value).ok_or_else(|| "a parenthesis is not closed".to_owned())
    }

    fn call(&mut self, name: &str) -> Result<Value, String> {
        if name == "METRICS" {
            let all = self.known.metrics.iter().filter_map(|id| self.known.series.get(id).cloned());
            let all = Value::Many(all.collect());
            return self.closed(all);
        }
        let mut arguments = vec![self.list_or_sum()?];
        while self.take(&[',']).is_some() {
            arguments.push(self.list_or_sum()?);
        }
        let value = apply(name, arguments, self.known)?;
        self.closed(value)
    }

    /// `[m1, m2]` or an expression.
    fn list_or_sum(&mut self) -> Result<Value, String> {
        if self.take(&['[']).is_none() {
            return self.sum();
        }
        let mut all = Vec::new();
        loop {
            match self.sum()? {
                Value::Series(points) => all.push(points),
                Value::Many(points) => all.extend(points),
                Value::Scalar(_) => return Err("a list holds time series, not numbers".to_owned()),
            }
            match self.take(&[',', ']']) {
                Some(',') => {}
                Some(_) => return Ok(Value::Many(all)),
                None => return Err("a list is not closed".to_owned()),
            }
        }
    }
}

fn apply(name: &str, arguments: Vec<Value>, known: &Known<'_>) -> Result<Value, String> {
    let each = |points: Points, change: fn(f64) -> f64| {
        Value::Series(points.into_iter().map(|(at, value)| (at, change(value))).collect())
    };
    match (name, arguments.as_slice()) {
        ("SUM" | "AVG" | "MIN" | "MAX", [Value::Many(all)]) => {
            Ok(Value::Series(across(all, |values| fold(name, values))))
        }
        ("SUM" | "AVG" | "MIN" | "MAX", [Value::Series(points)]) => {
            let values: Vec<f64> = points.values().copied().collect();
            Ok(Value::Scalar(fold(name, &values)))
        }
        ("ABS", [Value::Series(points)]) => Ok(each(points.clone(), f64::abs)),
        ("CEIL", [Value::Series(points)]) => Ok(each(points.clone(), f64::ceil)),
        ("FLOOR", [Value::Series(points)]) => Ok(each(points.clone(), f64::floor)),
        ("PERIOD", [Value::Series(_)]) => Ok(Value::Scalar(known.period as f64)),
        ("FILL", [Value::Series(points), Value::Scalar(filler)]) => {
            let filled =
                known.starts.iter().map(|at| (*at, points.get(at).copied().unwrap_or(*filler)));
            Ok(Value::Series(filled.collect()))
        }
        ("FILL", [Value::Many(all), Value::Scalar(filler)]) => {
            let fill = |points: &Points| {
                let filled = known.starts.iter();
                filled.map(|at| (*at, points.get(at).copied().unwrap_or(*filler))).collect()
            };
            Ok(Value::Many(all.iter().map(fill).collect()))
        }
        _ => Err(format!("the function {name} with these arguments is not imitated")),
    }
}

fn fold(name: &str, values: &[f64]) -> f64 {
    let sum: f64 = values.iter().sum();
    match name {
        "SUM" => sum,
        "AVG" => sum / (values.len().max(1) as f64),
        "MIN" => values.iter().copied().reduce(f64::min).unwrap_or(0.0),
        _ => values.iter().copied().reduce(f64::max).unwrap_or(0.0),
    }
}

/// One value for each period in which any series has one.
fn across(all: &[Points], fold: impl Fn(&[f64]) -> f64) -> Points {
    let mut by_start: BTreeMap<i64, Vec<f64>> = BTreeMap::new();
    for (at, value) in all.iter().flatten() {
        by_start.entry(*at).or_default().push(*value);
    }
    by_start.into_iter().map(|(at, values)| (at, fold(&values))).collect()
}

fn combine(left: Value, right: Value, symbol: char) -> Result<Value, String> {
    let operate = |a: f64, b: f64| match symbol {
        '+' => a + b,
        '-' => a - b,
        '*' => a * b,
        '/' => a / b,
        _ => a.powf(b),
    };
    let keep = |(at, value): (i64, f64)| value.is_finite().then_some((at, value));
    Ok(match (left, right) {
        (Value::Scalar(a), Value::Scalar(b)) => Value::Scalar(operate(a, b)),
        (Value::Series(a), Value::Scalar(b)) => Value::Series(
            a.into_iter().map(|(at, a)| (at, operate(a, b))).filter_map(keep).collect(),
        ),
        (Value::Scalar(a), Value::Series(b)) => Value::Series(
            b.into_iter().map(|(at, b)| (at, operate(a, b))).filter_map(keep).collect(),
        ),
        (Value::Series(a), Value::Series(b)) => {
            let both = a.into_iter().filter_map(|(at, a)| Some((at, operate(a, *b.get(&at)?))));
            Value::Series(both.filter_map(keep).collect())
        }
        (Value::Many(_), _) | (_, Value::Many(_)) => {
            return Err("arithmetic on several time series is not imitated".to_owned());
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn points(values: &[(i64, f64)]) -> Points {
        values.iter().copied().collect()
    }

    fn value(text: &str) -> Result<Points, String> {
        let series = BTreeMap::from([
            ("m1".to_owned(), points(&[(0, 6.0), (60, 10.0)])),
            ("m2".to_owned(), points(&[(0, 3.0), (60, 0.0), (120, 7.0)])),
        ]);
        let metrics = ["m1".to_owned(), "m2".to_owned()];
        let known = Known { series: &series, metrics: &metrics, period: 60, starts: &[0, 60, 120] };
        evaluate(text, &known)
    }

    #[test]
    fn arithmetic_has_its_usual_precedence() {
        assert_eq!(value("m1 + 2 * 3"), Ok(points(&[(0, 12.0), (60, 16.0)])));
        assert_eq!(value("(m1 + 2) * 3"), Ok(points(&[(0, 24.0), (60, 36.0)])));
        assert_eq!(value("100-m1^2/4"), Ok(points(&[(0, 91.0), (60, 75.0)])));
        assert_eq!(value("-m1"), Ok(points(&[(0, -6.0), (60, -10.0)])));
    }

    #[test]
    fn two_series_meet_where_both_have_a_value_and_nothing_is_divided_by_zero() {
        assert_eq!(value("m1 / m2"), Ok(points(&[(0, 2.0)])));
        assert_eq!(value("m1 + m2"), Ok(points(&[(0, 9.0), (60, 10.0)])));
    }

    #[test]
    fn a_sum_of_several_takes_each_period_and_a_sum_of_one_all_of_them() {
        let sum = points(&[(0, 9.0), (60, 10.0), (120, 7.0)]);
        assert_eq!(value("SUM(METRICS())"), Ok(sum.clone()));
        assert_eq!(value("SUM([m1, m2])"), Ok(sum));
        assert_eq!(value("m1 / SUM(m1)"), Ok(points(&[(0, 0.375), (60, 0.625)])));
        assert_eq!(value("m1 / PERIOD(m1)"), Ok(points(&[(0, 0.1), (60, 10.0 / 60.0)])));
    }

    #[test]
    fn fill_puts_a_value_where_there_is_none() {
        assert_eq!(value("FILL(m1, 0)"), Ok(points(&[(0, 6.0), (60, 10.0), (120, 0.0)])));
    }

    #[test]
    fn what_is_wrong_is_named() {
        assert!(value("m3 + 1").unwrap_err().contains("\"m3\""));
        assert!(value("1 + 2").unwrap_err().contains("time series"));
        assert!(value("m1 +").is_err() && value("(m1").is_err() && value("m1 m2").is_err());
        assert!(value("ANOMALY_DETECTION_BAND(m1, 2)").unwrap_err().contains("not imitated"));
    }
}
