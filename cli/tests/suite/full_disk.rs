//! A disk that is full in mid-run. What no longer fits is not acknowledged: it comes back until it is a
//! dead letter, and is there when there is room again.

use std::process::Command;

use crate::dead_letters::template;
use crate::vazao::{only_run, vazao};

/// No file may grow beyond this, KiB: room for the database as it is made, and for some orders.
const FILE_KIB: u32 = 3_072;

#[test]
fn what_does_not_fit_on_the_disk_is_in_the_dead_letter_queue_and_not_lost() {
    let folder = tempfile::tempdir().unwrap();
    let (out, template) = (folder.path().join("runs"), template(folder.path()));
    let vazao = vazao(&[]);
    // Writing on fails, as on a full disk, instead of ending the process.
    let limited = format!("trap '' XFSZ; ulimit -f {FILE_KIB}; exec \"$0\" \"$@\"");
    let output = Command::new("bash")
        .args(["-c", &limited])
        .arg(vazao.get_program())
        .args(["run", "steady", "--orders", "600", "--speed", "10", "--template"])
        .arg(&template)
        .arg("--out")
        .arg(&out)
        .output()
        .unwrap();
    let finished = only_run(&out);
    let account = &finished.reconciliation;
    let text = String::from_utf8_lossy(&output.stdout);
    // 20: what hurries so is late on a busy machine; the account holds all the same.
    assert!([Some(11), Some(20)].contains(&output.status.code()), "{text}");
    assert!(account.documented > 0, "there was room at first: {account:?}");
    assert!(account.dead_letters > 0, "it was never full: {account:?}");
    let missing = account.lost.count + account.incomplete.count;
    assert!(missing <= account.dead_letters + account.undrained, "{account:?}");
    assert_eq!((account.duplicated.count, account.unexpected.count), (0, 0), "{account:?}");
    assert!(text.contains("none beyond those in the queues"), "{text}");
}
