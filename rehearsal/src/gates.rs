//! Where the pipeline stops and waits for the scheduler: before and after everything that another
//! process could see.

use std::cell::RefCell;
use std::panic::resume_unwind;

use futures::channel::oneshot;

/// A point in the life of an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Point {
    /// The database is about to settle it.
    Settle,
    /// The invoice's number is taken, and the order not yet settled: there is such a point only
    /// with a bug.
    Numbered,
    /// The database has committed it.
    Settled,
    /// A document is about to be written.
    Put,
    /// A document is written.
    Stored,
    /// The batch is about to be noted as documented.
    Conclude,
    /// It is noted.
    Concluded,
}

/// How it goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    On,
    Fail,
    Panic,
}

#[derive(Debug)]
struct Waiting {
    point: Point,
    go: oneshot::Sender<Way>,
}

/// The gates of one environment.
#[derive(Debug, Default)]
pub(crate) struct Gates {
    waiting: RefCell<Vec<Waiting>>,
}

impl Gates {
    /// Waits for the scheduler. False: it fails here.
    pub(crate) async fn pass(&self, point: Point) -> bool {
        let (go, gone) = oneshot::channel();
        self.waiting.borrow_mut().push(Waiting { point, go });
        match gone.await {
            Ok(Way::On) => true,
            // Not `panic!`: the hook would write it out, thousands of times.
            Ok(Way::Panic) => resume_unwind(Box::new("a panic that was planned")),
            Ok(Way::Fail) | Err(_) => false,
        }
    }

    /// The points at which somebody waits, in the order in which they came.
    pub(crate) fn points(&self) -> Vec<Point> {
        // Whoever was cut off waits no more.
        self.waiting.borrow_mut().retain(|waiting| !waiting.go.is_canceled());
        self.waiting.borrow().iter().map(|waiting| waiting.point).collect()
    }

    /// Lets one go on.
    pub(crate) fn open(&self, place: usize, way: Way) {
        let waiting = self.waiting.borrow_mut().remove(place);
        // It may have been cut off at this very step.
        let _ = waiting.go.send(way);
    }
}
