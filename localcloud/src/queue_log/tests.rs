//! What the file says after everything that can happen to it.

use super::*;
use crate::ids::IdSource;

fn snapshot(sequence: Sequence, body: &str) -> Snapshot {
    let value = Attribute::string(format!("v{sequence}"));
    let attributes = Attributes::new(vec![("n".to_owned(), value)]);
    let draft = Draft::new(body.to_owned(), attributes, usize::MAX).unwrap();
    Snapshot {
        sequence,
        message: Arc::new(Message::new(IdSource::new().next(), draft, 1000 + sequence)),
        arrived_ms: 2000 + sequence,
        visible_ms: 3000 + sequence,
        dead_letter_source: Some("arn:a".into()),
    }
}

fn read(directory: &Path) -> io::Result<(QueueLog, Vec<String>)> {
    let mut said = Vec::new();
    let log = QueueLog::open(directory, "q", QueueDurability::Synced, |replayed| {
        said.push(match replayed {
            Replayed::Put(snapshot) => format!("put {}", snapshot.message.payload().body),
            Replayed::Delete(sequence) => format!("delete {sequence}"),
            Replayed::Purge => "purge".to_owned(),
        });
    })?;
    Ok((log, said))
}

#[test]
fn a_message_is_read_back_as_it_was_written() {
    let directory = tempfile::tempdir().unwrap();
    let written = snapshot(7, "olá\n\"<&>");
    let mut log = read(directory.path()).unwrap().0;
    log.put(&written).unwrap();
    log.commit().wait().unwrap();
    let mut back = Vec::new();
    QueueLog::open(directory.path(), "q", QueueDurability::Written, |replayed| {
        back.push(replayed);
    })
    .unwrap();
    let [Replayed::Put(back)] = &back[..] else { panic!("{back:?}") };
    assert_eq!(back.message, written.message);
    assert_eq!((back.sequence, back.arrived_ms, back.visible_ms), (7, 2007, 3007));
    assert_eq!(back.dead_letter_source.as_deref(), Some("arn:a"));
}

/// A process can be killed after any byte of a write.
#[test]
fn a_line_cut_anywhere_is_as_if_it_was_never_begun() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("q.jsonl");
    let mut log = read(directory.path()).unwrap().0;
    log.put(&snapshot(1, "first")).unwrap();
    let whole = std::fs::read(&path).unwrap().len();
    log.put(&snapshot(2, "second")).unwrap();
    let both = std::fs::read(&path).unwrap();
    for cut in whole..both.len() {
        std::fs::write(&path, &both[..cut]).unwrap();
        let (mut log, said) = read(directory.path()).unwrap();
        assert_eq!(said, ["put first"], "cut at {cut}");
        log.delete(1, 5);
        assert_eq!(read(directory.path()).unwrap().1, ["put first", "delete 1"], "cut at {cut}");
    }
}

#[test]
fn damage_before_the_end_is_told_and_not_skipped() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("q.jsonl");
    std::fs::write(&path, "{\"delete\":1}\nnonsense\n{\"delete\":2}\n").unwrap();
    let error = read(directory.path()).map(|(_, said)| said).unwrap_err().to_string();
    assert!(error.contains("q.jsonl is damaged at byte 13"), "{error}");
}

#[test]
fn a_rewritten_file_has_what_is_left_and_goes_on() {
    let directory = tempfile::tempdir().unwrap();
    let mut log = read(directory.path()).unwrap().0;
    for sequence in 0..4 {
        log.put(&snapshot(sequence, &format!("m{sequence}"))).unwrap();
    }
    log.delete(0, 2);
    log.rewrite([snapshot(2, "m2"), snapshot(3, "m3")].into_iter()).unwrap();
    log.delete(2, 2);
    log.commit().wait().unwrap();
    assert_eq!(read(directory.path()).unwrap().1, ["put m2", "put m3", "delete 2"]);
    log.purge().unwrap();
    assert_eq!(read(directory.path()).unwrap().1.last().unwrap(), "purge");
}
