use super::super::errors::UploadRefusal;
use super::super::testing::api;
use super::*;

const CALLS: [Call; 7] =
    [Call::Read, Call::CreateContainer, Call::CreateCarousel, Call::Publish, Call::Upload, Call::Comment, Call::Switch];

const SOON: Verdict = Verdict::Retry(Pace::Soon);
const SPACED: Verdict = Verdict::Retry(Pace::Spaced);
const UNKNOWN: Verdict = Verdict::OutcomeUnknown;
const REFUSED: Verdict = Verdict::Stop(Stop::Refused);
const ACCOUNT: Verdict = Verdict::Stop(Stop::Account);
const GAVE_UP: Verdict = Verdict::Stop(Stop::GaveUp);
const NOT_READY: Verdict = Verdict::Stop(Stop::NotReady);

fn verdicts(failure: &Error) -> [Verdict; 7] {
    CALLS.map(|call| decide(call, failure, 1))
}

fn refusal(code: i64, subcode: Option<i64>) -> Error {
    Error::Api(Box::new(api(code, subcode)))
}

fn unclear(why: Why) -> Error {
    Error::Unclear { edge: "x", why }
}

#[test]
fn what_was_not_sent_may_be_sent_again_whatever_it_is() {
    let failure = Error::NotSent { edge: "x", why: String::new() };
    assert_eq!(verdicts(&failure), [SOON; 7]);
    for call in CALLS {
        assert_eq!(decide(call, &failure, 3), SOON);
        assert_eq!(decide(call, &failure, 4), GAVE_UP);
        assert_eq!(decide(call, &failure, u32::MAX), GAVE_UP);
    }
}

#[test]
fn a_fault_of_this_side_is_not_repeated() {
    assert_eq!(verdicts(&Error::Local { edge: "x", why: String::new() }), [GAVE_UP; 7]);
}

#[test]
fn a_lost_answer_is_repeated_only_where_twice_is_harmless() {
    let table = [SOON, SOON, SOON, UNKNOWN, SOON, UNKNOWN, SOON];
    for why in [
        Why::NoAnswer(String::new()),
        Why::BrokenOff(String::new()),
        Why::Status(500),
        Why::Status(503),
        Why::Status(429),
        Why::Status(408),
    ] {
        assert_eq!(verdicts(&unclear(why.clone())), table, "{why:?}");
    }
    assert_eq!(decide(Call::Read, &unclear(Why::Status(500)), 4), GAVE_UP);
}

#[test]
fn a_wrong_answer_is_not_asked_for_again() {
    let table = [GAVE_UP, GAVE_UP, GAVE_UP, UNKNOWN, GAVE_UP, UNKNOWN, GAVE_UP];
    for why in [Why::Redirect(302), Why::Status(404), Why::Status(201), Why::Malformed(String::new()), Why::NoNewId] {
        assert_eq!(verdicts(&unclear(why.clone())), table, "{why:?}");
    }
}

#[test]
fn the_upload_hosts_word_counts() {
    let failure = |retriable, kind: &str| {
        Error::Upload(UploadRefusal { http_status: 400, retriable, kind: kind.to_owned(), message: String::new() })
    };
    assert_eq!(decide(Call::Upload, &failure(true, "X"), 1), SOON);
    assert_eq!(decide(Call::Upload, &failure(true, "X"), 4), GAVE_UP);
    assert_eq!(decide(Call::Upload, &failure(false, "X"), 1), REFUSED);
    assert_eq!(decide(Call::Upload, &failure(true, "NotAuthorizedError"), 1), ACCOUNT);
}

/// Every row of the table × every call, in the order of [`CALLS`].
#[test]
fn every_known_error_has_its_verdict_for_every_call() {
    let content = [REFUSED, REFUSED, REFUSED, UNKNOWN, REFUSED, REFUSED, REFUSED];
    let content_certain = [REFUSED; 7];
    let account_doubtful = [ACCOUNT, ACCOUNT, ACCOUNT, UNKNOWN, ACCOUNT, ACCOUNT, ACCOUNT];
    let account_certain = [ACCOUNT; 7];
    let server = [SOON, SOON, SOON, UNKNOWN, SOON, UNKNOWN, SOON];
    let create_spaced = [REFUSED, SPACED, REFUSED, UNKNOWN, REFUSED, REFUSED, REFUSED];

    for row in codes::all() {
        let Some(code) = row.code else { continue };
        let expected = match (code, row.subcode) {
            (1 | 2, None) | (-1, Some(2_207_001)) => server,
            (-2, Some(2_207_003)) | (9004, Some(2_207_052)) => create_spaced,
            (24, Some(2_207_008)) => [REFUSED, SPACED, REFUSED, REFUSED, REFUSED, REFUSED, REFUSED],
            (-1, Some(2_207_032)) => [REFUSED, SOON, SOON, UNKNOWN, REFUSED, UNKNOWN, REFUSED],
            (-1, Some(2_207_053 | 2_207_073)) | (1, Some(2_207_057)) => {
                [REFUSED, REFUSED, REFUSED, UNKNOWN, REFUSED, UNKNOWN, REFUSED]
            }
            (4, Some(2_207_051)) => [ACCOUNT, ACCOUNT, ACCOUNT, UNKNOWN, ACCOUNT, UNKNOWN, ACCOUNT],
            (4 | 341 | 368 | 80_001, _) => account_doubtful,
            (9 | 10 | 17 | 25 | 32 | 102 | 190 | 200 | 613 | 80_002, _) => account_certain,
            (9007, _) => [REFUSED, REFUSED, REFUSED, NOT_READY, REFUSED, REFUSED, REFUSED],
            (24 | 36_000 | 36_001 | 36_003 | 36_004, _) => content_certain,
            (-2 | 3 | 100 | 104 | 352 | 506 | 803 | 2500 | 9009, _) => content,
            other => panic!("{other:?} has no line in this table"),
        };
        assert_eq!(verdicts(&refusal(code, row.subcode)), expected, "{code}/{:?}", row.subcode);
    }
    assert_eq!(verdicts(&refusal(424_242, None)), content, "an error that nobody knows");
}

#[test]
fn account_level_errors_are_never_repeated() {
    for row in codes::all().iter().filter(|row| row.account_level) {
        let failure = refusal(row.code.unwrap(), row.subcode);
        assert!(verdicts(&failure).iter().all(|verdict| !matches!(verdict, Verdict::Retry(_))), "{row:?}");
    }
}

#[test]
fn repeating_is_bounded() {
    assert_eq!(decide(Call::CreateContainer, &refusal(9004, Some(2_207_052)), 2), SPACED);
    assert_eq!(decide(Call::CreateContainer, &refusal(9004, Some(2_207_052)), 3), GAVE_UP);
    assert_eq!(decide(Call::Read, &refusal(2, None), 3), SOON);
    assert_eq!(decide(Call::Read, &refusal(2, None), 4), GAVE_UP);
}

#[test]
fn a_code_that_contradicts_its_subcode_is_not_repeated_and_proves_nothing() {
    let failure = refusal(2, Some(2_207_051));
    assert!(!matches!(decide(Call::Read, &failure, 1), Verdict::Retry(_)));
    assert_eq!(decide(Call::Publish, &refusal(190, Some(2_207_027)), 1), UNKNOWN);
}

proptest::proptest! {
    #[test]
    fn a_sent_publish_is_never_repeated(code: i64, subcode: Option<i64>, http_status: u16, attempt: u32) {
        let error = ApiError { http_status, ..api(code, subcode) };
        let verdict = decide(Call::Publish, &Error::Api(Box::new(error)), attempt);
        proptest::prop_assert!(!matches!(verdict, Verdict::Retry(_)));
    }
}
