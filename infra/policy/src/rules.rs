//! The rules, by what they are about.

mod access;
mod database;
mod documents;
mod edge;
mod function;
mod mapping;
mod queue;
mod stack;
mod watch;

use crate::Rule;

/// Every rule, in the order of their ids. R01 to R22 answer to the faults of the same number that
/// were first planted to compare linters.
pub const RULES: &[Rule] = &[
    stack::WHOLE,
    stack::KNOWN_PROPERTIES,
    stack::NO_DANGLING_NAMES,
    queue::CONCURRENCY_IN_RANGE,
    queue::VISIBLE_AFTER_THE_TIMEOUT,
    queue::VISIBLE_AFTER_SIX_TIMEOUTS,
    queue::DEAD_LETTERS,
    queue::DEAD_LETTERS_OUTLIVE,
    queue::PARTIAL_BATCH_RESPONSE,
    queue::CONCURRENCY_CAPPED,
    access::GATEWAY_SENDS_ONLY,
    documents::NOT_PUBLIC,
    documents::LOCKED,
    access::TLS_ONLY,
    watch::DEAD_LETTERS_ALARM,
    watch::LOGS_END,
    edge::LIMITS,
    access::PARTNERS_PROVE_WHO_THEY_ARE,
    edge::ACCEPTED_MEANS_QUEUED,
    mapping::EVERY_VALUE_ENCODED,
    edge::NOTHING_PASSES_UNMAPPED,
    edge::VALIDATED,
    function::CANARY,
    queue::RECEIVED_OFTEN_ENOUGH,
    mapping::PARTNER_IS_AUTHENTICATED,
    mapping::MESSAGE_NAMES_ITS_ORDER,
    queue::NO_FILTER,
    queue::NO_OTHER_CAP,
    queue::PLAIN_QUEUES,
    stack::RETAINED,
    access::NOBODY_EMPTIES_A_QUEUE,
    queue::ONLY_OUR_DEAD_LETTERS,
    documents::WRITTEN_ONCE,
    documents::ENCRYPTED_AND_OWNED,
    access::FUNCTIONS_DO_WHAT_THEY_MUST,
    access::ONE_ROLE_AN_ACTOR,
    edge::ANSWERS_IN_TIME,
    edge::JSON_ONLY,
    edge::REFUSALS_SAY_WHEN,
    edge::SENT_AGAIN_SAFELY,
    watch::AGE_ALARM,
    watch::ROLLBACK_SEES_FAILED_ORDERS,
    watch::ALARMS_TELL_SOMEBODY,
    watch::ALARMS_WATCH_WHAT_IS_THERE,
    function::SWEPT,
    watch::SCHEDULE_ALARMS,
    watch::NO_ORDERS_IN_LOGS,
    watch::ACCESS_LOG,
    access::NO_BACK_DOOR,
    database::PROXY,
    database::SECRETS,
    documents::EXPIRY_AFTER_LOCK,
    edge::RECEIPT,
    stack::OUTPUTS,
    database::NARROW_NETWORK,
    function::ONE_PROGRAM,
    function::RECONCILED,
];
