//! Schedules that once went wrong, found at random; each represents a rule that came out of it.

use super::schedule::Schedule;

const FOUND: &[&str] = &[
    // A live check took a post for its twin, which another clone had published: once the lockfiles are merged
    // nothing is doubtful any more.
    r#"{"scenario":"twins","clones":"in_turn","requests":[[4,"garbage_done"]],"habits":{"after_life":2,"twice":3,"page":100,"skew":0},"dice":2670}"#,
    r#"{"scenario":"twins","clones":"in_turn","requests":[[9,{"unreadable":100000}],[4,"missing_done"]],"writes":[[6,{"stall":11}]],"habits":{"after_life":1,"twice":2,"page":2,"skew":-3400},"dice":4712}"#,
    // The same, but the post that raised the doubt is this one, which was moved.
    r#"{"scenario":"twins","clones":"together","requests":[[4,"garbage_done"]],"writes":[[6,"denied"],[12,{"torn":498}]],"between":[[1,{"revert":2}],[0,{"move":0}]],"habits":{"after_life":1,"twice":1,"page":2,"skew":0},"dice":609367}"#,
    r#"{"scenario":"twins","clones":"in_turn","requests":[[10,"restricted"]],"between":[[2,{"move":2}]],"habits":{"after_life":1,"twice":0,"page":100,"skew":0},"dice":710971}"#,
    // The same, but the twin's own id was only matched: that takes no doubt away.
    r#"{"scenario":"twins","clones":"in_turn","requests":[[4,"content"],[7,"spam_done"]],"habits":{"after_life":0,"twice":2,"page":100,"skew":-3400},"dice":415749}"#,
    // Another clone's twin is matched, beside a clear status and beside a mute container, or adopted.
    r#"{"scenario":"twins","clones":"together","requests":[[10,"redirect_done"],[5,"redirect_undone"],[13,"garbage_done"]],"habits":{"after_life":2,"twice":0,"page":100,"skew":-3400},"dice":113}"#,
    r#"{"scenario":"twins","clones":"together","requests":[[8,"timeout_undone"],[4,{"unreadable":100000}]],"between":[[2,"sync"],[0,{"wait":90000}]],"habits":{"after_life":2,"twice":2,"page":2,"skew":-3400},"dice":3762}"#,
    r#"{"scenario":"twins","clones":"in_turn","writes":[[8,{"torn":190}]],"between":[[0,{"edit":0}]],"habits":{"after_life":2,"twice":1,"page":2,"skew":0},"dice":109421}"#,
    // Both clones have published a post, and one of them died before its comment.
    r#"{"scenario":"mute","clones":"in_turn","writes":[[9,{"torn":181}]],"between":[[1,"sync"]],"habits":{"after_life":2,"twice":1,"page":100,"skew":7300},"dice":5268}"#,
    // Two clones continue with the same attempt at the same moment.
    r#"{"scenario":"mixed","clones":"together","requests":[[23,"garbage_undone"],[18,"throttle"]],"between":[[0,"sync"]],"habits":{"after_life":1,"twice":2,"page":2,"skew":7300},"dice":8871}"#,
    // Two announcements in one moment of the server's clock: the refusal of the first spoke for both.
    r#"{"scenario":"trial","clones":"one","requests":[[7,"not_sent"],[10,"spam_done"]],"writes":[[11,{"torn":298}]],"between":[[0,{"wait":90000}]],"habits":{"after_life":1,"twice":1,"page":2,"skew":-3400},"dice":8887}"#,
    // A story was announced after a refusal for which every further call is held back, and never sent.
    r#"{"scenario":"mixed","clones":"one","requests":[[18,"spam_undone"],[8,"garbage_undone"],[13,{"late_effect":34}]],"between":[[2,{"edit":3}],[0,{"wait":90000}]],"habits":{"after_life":0,"twice":0,"page":100,"skew":0},"dice":112640}"#,
];

pub fn schedules() -> Vec<Schedule> {
    FOUND.iter().map(|text| serde_json::from_str(text).expect("a schedule as it was printed")).collect()
}
