//! For every row of the error table: what igsync does, judged by the requests that the sandbox saw.
//! The expectations are literals, read from Meta's pages and reports, not from the code.

use std::collections::BTreeSet;

use igsync_instagram::codes;
use igsync_instagram::{ApiError, Error};
use igsync_sandbox::{Options, RequestEntry};
use serde_json::{Value, json};

use crate::project::{Output, Project, Server, USER};
use crate::virtual_run::{Virtual, run};

/// Where Meta says it.
#[derive(Clone, Copy, Debug)]
enum At {
    Creation,
    /// While the container is processed.
    Status,
    Publish,
}

/// What has to happen. Two posts, `a` and `b`, are due; the error strikes `a` once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Does {
    /// The same request again, and both posts are live.
    Retry,
    /// The same container is published again, and both posts are live.
    SameContainer,
    /// A new container in the same run, and both posts are live.
    NewContainer,
    /// `a` fails and is tried with a new container by the next run only; `b` is live.
    NextRun,
    /// `a` fails and stays so until it changes; `b` is live.
    FixContent,
    /// Nothing more is sent for this account.
    Stop(i32),
}

use At::{Creation, Publish, Status};
use Does::{FixContent, NewContainer, NextRun, Retry, SameContainer, Stop};

type Row = (i64, Option<i64>, At, Does);

#[rustfmt::skip]
const ROWS: &[Row] = &[
    (-2, Some(2_207_003), Creation, Retry),
    (-2, Some(2_207_020), Status, NewContainer),
    (-1, Some(2_207_001), Creation, Retry),
    (-1, Some(2_207_001), Publish, SameContainer),
    (-1, Some(2_207_032), Creation, Retry),
    (-1, Some(2_207_053), Status, NewContainer),
    (-1, Some(2_207_073), Creation, NextRun),
    (1, None, Creation, Retry),
    (1, None, Publish, SameContainer),
    (1, Some(2_207_057), Creation, FixContent),
    (2, None, Creation, Retry),
    (2, None, Publish, SameContainer),
    (3, None, Creation, NextRun),
    (4, None, Creation, Stop(10)),
    (4, Some(2_207_051), Creation, Stop(9)),
    (4, Some(2_207_051), Publish, Stop(9)),
    (9, Some(2_207_042), Publish, Stop(10)),
    (10, None, Creation, Stop(9)),
    (10, None, Publish, Stop(9)),
    (17, None, Creation, Stop(10)),
    (24, None, Creation, NextRun),
    (24, Some(2_207_006), Creation, NextRun),
    (24, Some(2_207_006), Publish, SameContainer),
    (24, Some(2_207_008), Creation, Retry),
    (24, Some(2_207_008), Publish, SameContainer),
    (25, None, Creation, Stop(9)),
    (25, Some(2_207_050), Publish, Stop(9)),
    (32, None, Creation, Stop(10)),
    (100, None, Creation, FixContent),
    (100, Some(33), Creation, NextRun),
    (100, Some(9050), Creation, FixContent), (100, Some(9051), Creation, FixContent),
    (100, Some(9052), Creation, FixContent), (100, Some(9053), Creation, FixContent),
    (100, Some(9054), Creation, FixContent), (100, Some(9055), Creation, FixContent),
    (100, Some(9056), Creation, FixContent), (100, Some(9057), Creation, FixContent),
    (100, Some(9058), Creation, FixContent), (100, Some(9059), Creation, FixContent),
    (100, Some(9060), Creation, FixContent), (100, Some(9061), Creation, FixContent),
    (100, Some(9062), Creation, FixContent), (100, Some(9063), Creation, FixContent),
    (100, Some(9064), Creation, FixContent),
    (100, Some(2_108_006), Creation, NextRun),
    (100, Some(2_207_023), Creation, FixContent),
    (100, Some(2_207_028), Creation, FixContent),
    (100, Some(2_207_035), Creation, FixContent),
    (100, Some(2_207_036), Creation, FixContent),
    (100, Some(2_207_037), Creation, FixContent),
    (100, Some(2_207_040), Creation, FixContent),
    (102, None, Creation, Stop(9)),
    (104, None, Creation, NextRun),
    (190, None, Creation, Stop(9)),
    (190, Some(458), Creation, Stop(9)),
    (190, Some(459), Creation, Stop(9)),
    (190, Some(460), Creation, Stop(9)),
    (190, Some(463), Publish, Stop(9)),
    (190, Some(464), Creation, Stop(9)),
    (190, Some(467), Creation, Stop(9)),
    (190, Some(492), Creation, Stop(9)),
    (200, None, Creation, Stop(9)),
    (299, None, Publish, Stop(9)),
    (341, None, Creation, Stop(10)),
    (352, Some(2_207_026), Creation, FixContent),
    (352, Some(2_207_026), Status, FixContent),
    (368, None, Creation, Stop(9)),
    (506, None, Creation, FixContent),
    (613, None, Publish, Stop(10)),
    (613, Some(1996), Creation, Stop(10)),
    (803, None, Creation, FixContent),
    (2500, None, Creation, FixContent),
    (9004, Some(2_207_052), Creation, Retry),
    (9004, Some(2_207_052), Status, NewContainer),
    (9007, Some(2_207_027), Publish, SameContainer),
    (9009, None, Creation, NextRun),
    (36_000, Some(2_207_004), Creation, FixContent),
    (36_001, Some(2_207_005), Creation, FixContent),
    (36_003, Some(2_207_009), Creation, FixContent),
    (36_004, Some(2_207_010), Creation, FixContent),
    (80_001, None, Creation, Stop(10)),
    (80_002, None, Creation, Stop(10)),
    (80_002, None, Publish, Stop(10)),
    // Known by their subcode alone, from a container's status.
    (0, Some(2_207_076), Status, NewContainer),
    (0, Some(2_207_077), Status, NewContainer),
    (0, Some(2_207_078), Status, NextRun),
    (0, Some(2_207_081), Status, FixContent),
    (0, Some(2_207_082), Status, NewContainer),
    (0, Some(2_207_085), Status, NewContainer),
    // Unknown to the table: the safe side.
    (424_242, None, Creation, NextRun),
    (424_242, Some(7), Publish, SameContainer),
    (0, Some(2_299_999), Status, NextRun),
];

struct Case {
    project: Project,
    server: Server,
    clock: Virtual,
}

impl Case {
    fn new() -> Self {
        let clock = Virtual::default();
        let server = Server::on_clock(&Options::quick(), std::sync::Arc::new(clock.clone()));
        let project = Project::empty();
        project.write("igsync.lock", "{\"igsync_lock\":1}\n");
        project.write("igsync.yaml", format!("accounts:\n  harbour:\n    user_id: \"{USER}\"\n"));
        for (seed, name) in ["a", "b"].into_iter().enumerate() {
            project.jpeg(&format!("posts/{name}.jpg"), seed as u8);
            project.write(
                &format!("posts/{name}.yaml"),
                format!("kind: image\nimage: ./{name}.jpg\ncaption: post {name}\n"),
            );
        }
        Self { project, server, clock }
    }

    fn apply(&self) -> Output {
        let url = self.server.url();
        let variables = [("IGSYNC_GRAPH_URL", url.as_str()), ("IGSYNC_ACCESS_TOKEN", "IGAA-LONG")];
        let line = "apply --yes --format json --parallelism 1";
        run(&self.project, &self.clock, &variables, line)
    }

    fn strike(&self, (code, subcode, at, _): Row) {
        let (path, fault) = match at {
            Creation => ("/media", json!({ "graph_error": { "code": code, "subcode": subcode } })),
            Publish => ("/media_publish", json!({ "graph_error": { "code": code, "subcode": subcode } })),
            Status => ("/media", json!({ "processing_error": { "subcode": subcode } })),
        };
        let faults = json!([{ "match": { "method": "POST", "path": path }, "fault": fault }]);
        self.server.fail(&faults.to_string());
    }

    fn posts(&self, edge: &str) -> Vec<RequestEntry> {
        let requests = self.server.sandbox.requests();
        requests.into_iter().filter(|request| request.method == "POST" && request.path.ends_with(edge)).collect()
    }

    fn live(&self) -> Vec<String> {
        self.server.published().iter().map(|post| post["caption"].as_str().unwrap().replace("post ", "")).collect()
    }

    fn published_containers(&self) -> Vec<String> {
        self.posts("/media_publish")
            .iter()
            .map(|request| request.params["creation_id"].as_str().unwrap().to_owned())
            .collect()
    }
}

/// What a run said about `a`, and about the account.
fn said(output: &Output) -> String {
    let events = output.stdout.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let about = events.filter(|event| event["key"] == "posts/a" && event["reason"].is_string());
    let mut text: String = about
        .map(|event| {
            let help = event["help"].as_str().map(|help| format!("\n    help: {help}")).unwrap_or_default();
            format!("  {}: {}{help}\n", event["event"].as_str().unwrap(), event["reason"].as_str().unwrap())
        })
        .collect();
    let stopped = output.stderr.lines().skip_while(|line| !line.starts_with("account "));
    stopped.take(2).for_each(|line| text.push_str(&format!("  {line}\n")));
    let trace = regex::Regex::new("trace [A-Za-z]+").unwrap();
    trace.replace_all(&text, "trace …").into_owned()
}

fn check(row: Row) -> String {
    let (code, subcode, at, does) = row;
    let name = format!("{code}/{subcode:?} at {at:?}");
    let case = Case::new();
    case.strike(row);
    let output = case.apply();
    let (creates, publishes) = (case.posts("/media").len(), case.published_containers());
    let observed = (output.code, creates, publishes.len(), case.live().join(" "));
    let expected =
        |code: i32, creates: usize, publishes: usize, live: &str| (code, creates, publishes, live.to_owned());
    match does {
        Retry => assert_eq!(observed, expected(0, 3, 2, "a b"), "{name}\n{}", output.stderr),
        // An image is published before the first look, which then finds the container dead.
        NewContainer => {
            assert_eq!(observed, expected(0, 3, 3, "a b"), "{name}\n{}{}", output.stdout, output.stderr);
            assert_ne!(publishes[0], publishes[1], "{name}: the dead container is left alone");
        }
        SameContainer => {
            assert_eq!(observed, expected(0, 2, 3, "a b"), "{name}\n{}{}", output.stdout, output.stderr);
            assert_eq!(publishes[0], publishes[1], "{name}: the same container");
        }
        NextRun | FixContent => {
            let publishes = if matches!(at, Status) { 2 } else { 1 };
            assert_eq!(observed, expected(3, 2, publishes, "b"), "{name}\n{}{}", output.stdout, output.stderr);
            let again = case.apply();
            let expected = if does == NextRun { (0, 3) } else { (3, 2) };
            assert_eq!((again.code, case.posts("/media").len()), expected, "{name}, the next run\n{}", again.stderr);
        }
        Stop(exit) => {
            let (creates, publishes) = if matches!(at, Publish) { (2, 1) } else { (1, 0) };
            assert_eq!(observed, expected(exit, creates, publishes, ""), "{name}\n{}{}", output.stdout, output.stderr);
            let last = case.server.sandbox.requests().pop().unwrap();
            assert_eq!(last.faults, ["graph_error"], "{name}: nothing is sent after it");
        }
    }
    said(&output)
}

fn check_all(rows: &[Row]) -> String {
    rows.iter()
        .map(|row| {
            format!(
                "{}/{} at {:?}: {:?}\n{}",
                row.0,
                row.1.map_or("-".into(), |s| s.to_string()),
                row.2,
                row.3,
                check(*row)
            )
        })
        .collect()
}

#[test]
fn every_row_is_answered_as_the_table_says_first_half() {
    insta::assert_snapshot!("errors_1", check_all(&ROWS[..ROWS.len() / 2]));
}

#[test]
fn every_row_is_answered_as_the_table_says_second_half() {
    insta::assert_snapshot!("errors_2", check_all(&ROWS[ROWS.len() / 2..]));
}

#[test]
fn no_row_is_left_out() {
    let checked: BTreeSet<(i64, Option<i64>)> = ROWS.iter().map(|row| (row.0, row.1)).collect();
    for known in codes::all().iter().filter(|known| known.name.is_none()) {
        let row = (known.code.unwrap_or_default(), known.subcode);
        assert!(checked.contains(&row), "{row:?} has no expectation");
    }
}

#[test]
fn names_instead_of_numbers_are_mended_in_the_post() {
    for name in ["INVALID_LOCATION_ID", "INVALID_PARAM", "PERMISSION"] {
        let case = Case::new();
        let fault = json!({ "graph_error": { "code": 100, "message": format!("INSTAGRAM_PLATFORM_API__{name}") } });
        case.server.fail(&json!([{ "match": { "method": "POST", "path": "/media" }, "fault": fault }]).to_string());
        let output = case.apply();
        assert_eq!((output.code, case.live().join(" ")), (3, "b".to_owned()), "{name}");
        assert!(said(&output).contains(name), "{}", said(&output));
        assert_eq!((case.apply().code, case.posts("/media").len()), (3, 2), "{name}");
    }
}

#[test]
fn every_row_reads_as_a_diagnostic() {
    let text: String = codes::all()
        .iter()
        .map(|known| {
            let error = Error::Api(Box::new(ApiError {
                edge: "media",
                http_status: 400,
                code: known.code.unwrap_or_default(),
                subcode: known.subcode,
                name: known.name.map(str::to_owned),
                message: "Meta's words".to_owned(),
                fbtrace_id: Some("AbC".to_owned()),
                ..ApiError::default()
            }));
            format!("{error}\n  help: {}\n  see: {}\n", error.help(), error.page().unwrap())
        })
        .collect();
    insta::assert_snapshot!("diagnostics", text);
}
