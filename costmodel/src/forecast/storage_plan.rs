//! What a layout uses of S3: storage, requests, monitoring, retrieval, and the function's time for
//! rendering and compaction. Rules: `docs/usage.md`.

use super::assumptions::Assumptions;
use super::meter::Meter;
use super::plan::{Base, GB, Plan};
use crate::INTELLIGENT_TIERING_MINIMUM_BYTES;
use crate::storage::{AgeGrid, Layout, StorageClass};

/// The two IA classes and Glacier Instant bill at least this of an object.
const MINIMUM_BYTES: f64 = 131_072.0;
/// An archived object brings so much of its own class, and so much of Standard.
const ARCHIVED_INDEX_BYTES: f64 = 32_768.0;
const ARCHIVED_NAME_BYTES: f64 = 8_192.0;

/// One kind of object.
struct Object {
    class: StorageClass,
    bytes: f64,
    /// Orders whose documents it holds.
    orders: f64,
    /// Bytes that a read of one order takes of it.
    read_bytes: f64,
    put: Base,
    kept: Base,
    reads: Base,
}

pub(crate) fn add(plan: &mut Plan, a: &Assumptions, grid: &mut AgeGrid) {
    let reads = a.read_pattern();
    let (xml, pdf) = (a.xml_bytes(), a.pdf_bytes());
    let object = |class, bytes, orders: f64| Object {
        class,
        bytes: bytes * orders,
        orders,
        read_bytes: bytes,
        put: Base::Orders,
        kept: Base::Kept,
        reads: Base::Reads,
    };
    let layout = a.layout();
    if !matches!(layout, Layout::Compacted { .. }) {
        plan.stock(Base::Kept, grid.kept_all());
        plan.stock(Base::Reads, &grid.reads_all(&reads));
    }
    match layout {
        Layout::Separate { class } => {
            keep(plan, a, grid, &object(class, xml, 1.0));
            keep(plan, a, grid, &object(class, pdf, 1.0));
        }
        Layout::Combined { class } => keep(plan, a, grid, &object(class, xml + pdf, 1.0)),
        Layout::Bundles { class, orders } => {
            keep(plan, a, grid, &object(class, xml + pdf, orders));
            plan.compute(a, Base::Orders, a.storage.compaction_ms_per_order);
        }
        Layout::XmlOnly { class } => {
            keep(plan, a, grid, &object(class, xml, 1.0));
            plan.compute(a, Base::Reads, a.storage.render_ms);
        }
        Layout::Compacted { class, orders, after_days } => {
            plan.stock(Base::KeptYoung, &grid.kept(0.0, after_days));
            plan.stock(Base::KeptOld, &grid.kept(after_days, f64::INFINITY));
            plan.stock(Base::ReadsYoung, &grid.reads(&reads, 0.0, after_days));
            plan.stock(Base::ReadsOld, &grid.reads(&reads, after_days, f64::INFINITY));
            plan.stock(Base::Compacted, &grid.once(after_days));
            let single = object(StorageClass::Standard, xml + pdf, 1.0);
            let young = Object { kept: Base::KeptYoung, reads: Base::ReadsYoung, ..single };
            keep(plan, a, grid, &young);
            let bundle = object(class, xml + pdf, orders);
            let old = Object {
                put: Base::Compacted,
                kept: Base::KeptOld,
                reads: Base::ReadsOld,
                ..bundle
            };
            keep(plan, a, grid, &old);
            plan.flow(Meter::GetStandard, Base::Compacted, 1.0);
            plan.compute(a, Base::Compacted, a.storage.compaction_ms_per_order);
        }
    }
}

fn keep(plan: &mut Plan, a: &Assumptions, grid: &mut AgeGrid, object: &Object) {
    let objects = 1.0 / object.orders;
    let gb = object.bytes / GB * objects;
    let billed_gb = object.bytes.max(MINIMUM_BYTES) / GB * objects;
    let read_gb = object.read_bytes / GB;
    match object.class {
        StorageClass::Standard => {
            plan.flow(Meter::PutStandard, object.put, objects);
            plan.flow(Meter::GetStandard, object.reads, 1.0);
            plan.flow(Meter::Standard, object.kept, gb);
        }
        StorageClass::IntelligentTiering => {
            plan.flow(Meter::PutIntelligent, object.put, objects);
            plan.flow(Meter::GetIntelligent, object.reads, 1.0);
            plan.flow(Meter::Frequent, object.kept, gb);
            if object.bytes >= INTELLIGENT_TIERING_MINIMUM_BYTES as f64 {
                let (infrequent, archive) = grid.tiers(&a.read_pattern(), object.orders);
                plan.stock(Base::Infrequent, &infrequent);
                plan.stock(Base::Archive, &archive);
                for (meter, base) in
                    [(Meter::Infrequent, Base::Infrequent), (Meter::ArchiveInstant, Base::Archive)]
                {
                    plan.flow(meter, base, gb);
                    plan.flow(Meter::Frequent, base, -gb);
                }
                plan.flow(Meter::Monitoring, object.kept, objects);
            }
        }
        StorageClass::StandardIa => {
            plan.flow(Meter::PutInfrequentAccess, object.put, objects);
            plan.flow(Meter::GetInfrequentAccess, object.reads, 1.0);
            plan.flow(Meter::InfrequentAccess, object.kept, billed_gb);
            plan.flow(Meter::InfrequentAccessRetrieval, object.reads, read_gb);
        }
        StorageClass::GlacierInstantRetrieval => {
            plan.flow(Meter::PutInstant, object.put, objects);
            plan.flow(Meter::GetInstant, object.reads, 1.0);
            plan.flow(Meter::Instant, object.kept, billed_gb);
            plan.flow(Meter::InstantRetrieval, object.reads, read_gb);
        }
        StorageClass::GlacierDeepArchive => {
            // Put into Standard, moved at once by a lifecycle rule.
            plan.flow(Meter::PutStandard, object.put, objects);
            plan.flow(Meter::IntoDeepArchive, object.put, objects);
            plan.flow(Meter::DeepArchive, object.kept, gb + ARCHIVED_INDEX_BYTES / GB * objects);
            plan.flow(Meter::Standard, object.kept, ARCHIVED_NAME_BYTES / GB * objects);
            // A restore is of the whole object.
            if plan.series(object.reads).iter().any(|reads| *reads > 0.0) {
                plan.flow(Meter::DeepArchiveRestores, object.reads, 1.0);
                plan.flow(Meter::DeepArchiveRetrieval, object.reads, object.bytes / GB);
                plan.flow(Meter::GetStandard, object.reads, 1.0);
            }
        }
    }
}
