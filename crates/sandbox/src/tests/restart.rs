//! What a restart keeps, and how much the sandbox bears.

use super::*;
use igsync_ports::Clock as _;

#[tokio::test]
async fn an_upload_goes_on_after_a_restart() {
    let folder = temporary_folder();
    let options = Options { data: Some(folder.path().to_owned()), ..Options::quick() };
    let film = Mp4 { data: 3_000_000, ..Mp4::default() }.build();
    let send = async |server: &Server, id: &str, offset: usize| {
        let request = server.client.post(format!("{}/ig-api-upload/v26.0/{id}", server.base));
        let request = request.header("authorization", "OAuth EAA-LONG").header("offset", offset.to_string());
        request.header("file_size", film.len().to_string()).body(film[offset..].to_vec()).send().await
    };
    let id = {
        let server = start_with(&options).await;
        let id = server.container("EAA-LONG", USER, json!({ "media_type": "REELS", "upload_type": "resumable" })).await;
        server.fault("POST", &format!("/{id}"), Fault::InterruptUpload { bytes: 2_000_000 });
        assert!(send(&server, &id, 0).await.is_err());
        id
    };
    let server = start_with(&options).await;
    let (_, state) = server.get("EAA-LONG", &format!("{id}?fields=status_code,video_status")).await;
    assert_eq!(state["video_status"]["uploading_phase"]["bytes_transferred"], 2_000_000);
    assert_eq!(send(&server, &id, 2_000_000).await.unwrap().status(), 200);
    server.advance(30);
    assert_eq!(server.status(&id).await, "FINISHED");
    assert_eq!(std::fs::read_dir(folder.path().join("uploads")).unwrap().count(), 0);
}

#[tokio::test]
async fn switches_tokens_accounts_and_the_log_outlive_the_process_and_reset_ends_them() {
    let folder = temporary_folder();
    let options = Options { data: Some(folder.path().to_owned()), ..Options::quick() };
    let log = {
        let server = start_with(&options).await;
        server.control("switches", &json!({ "quota_total": 7 })).await;
        server.control("tokens", &json!({ "token": "IGAA-TWO", "state": "revoked" })).await;
        server.set_account("unavailable").await;
        server.get("IGAA-LONG", &format!("{USER}?fields=id")).await;
        server.sandbox.requests()
    };
    // The connection's own task may hold the last of the old sandbox for a moment.
    RealClock::new().sleep(Duration::from_millis(50)).await;
    let server = start_with(&options).await;
    let quota = async || server.get("EAA-BOTH", &format!("{OTHER}/content_publishing_limit?fields=config")).await.1;
    assert_eq!(server.sandbox.requests(), log);
    assert_eq!(log[0].message.as_deref(), Some("(#9009) The Instagram user is not available"));
    assert_eq!(quota().await["data"][0]["config"]["quota_total"], 7);
    assert_eq!(code(&server.get("IGAA-TWO", "me").await.1), (190, Some(467)));
    assert_eq!(code(&server.get("IGAA-LONG", USER).await.1), (9_009, None));
    server.control("reset", &json!({})).await;
    assert_eq!(quota().await["data"][0]["config"]["quota_total"], 50);
    assert_eq!(server.get("IGAA-TWO", "me").await.0, 200);
    assert_eq!(server.get("IGAA-LONG", USER).await.0, 200);
}

/// Prints what it measured; run it alone, with `--nocapture`, for figures worth writing down.
#[tokio::test]
async fn a_thousand_posts_and_ten_thousand_requests_survive_a_restart() {
    const POSTS: u32 = 1_000;
    const REQUESTS: u32 = 10_000;
    // Memory where there is such a folder: a disk's sync, two thousand times, measures the disk.
    let folder = tempfile::tempdir_in("/dev/shm").unwrap_or_else(|_| temporary_folder());
    let options = Options { data: Some(folder.path().to_owned()), quota_total: 1_000, ..Options::quick() };
    let clock = RealClock::new();
    let (published, listing, log) = {
        let server = start_with(&options).await;
        let url = server.picture().await;
        let began = clock.monotonic();
        for n in 0..POSTS {
            if n % 399 == 398 {
                server.advance(86_401); // the next day's containers
            }
            let params = json!({ "image_url": url, "caption": format!("post {n}") });
            server.published(&server.container("IGAA-LONG", USER, params).await).await;
        }
        let writing = clock.monotonic().saturating_sub(began).as_secs_f64();
        let began = clock.monotonic();
        let left = REQUESTS - 2 * POSTS;
        for n in 0..left {
            let path = if n % 10 == 0 { format!("{USER}/media?limit=25&fields=id,caption&") } else { "me?".into() };
            // Without sockets: they take most of the time, and have nothing to do with the state.
            let request =
                axum::http::Request::get(format!("/v26.0/{path}access_token=IGAA-LONG")).header("host", "localhost");
            let answer = Arc::clone(&server.sandbox.0).handle(request.body(axum::body::Body::empty()).unwrap()).await;
            assert_eq!(answer.status(), 200);
        }
        let reading = clock.monotonic().saturating_sub(began).as_secs_f64();
        println!(
            "writes {:.0}/s, reads {:.0}/s, {} of memory",
            f64::from(2 * POSTS) / writing,
            f64::from(left) / reading,
            memory()
        );
        let (_, listing) =
            server.get("IGAA-LONG", &format!("{USER}/media?limit=100&fields=id,caption,timestamp")).await;
        (server.posts().await, listing, server.sandbox.requests())
    };
    clock.sleep(Duration::from_millis(100)).await;
    let began = clock.monotonic();
    let server = start_with(&options).await;
    println!("restart {:.0} ms", clock.monotonic().saturating_sub(began).as_secs_f64() * 1_000.0);
    assert_eq!(server.posts().await, published);
    assert_eq!(published.len(), 1_000);
    assert_eq!(server.sandbox.requests(), log);
    assert_eq!(log.len(), 10_001);
    let strip = |mut page: Value| {
        page.as_object_mut().unwrap().remove("paging"); // it names the port
        page
    };
    let (_, again) = server.get("IGAA-LONG", &format!("{USER}/media?limit=100&fields=id,caption,timestamp")).await;
    assert_eq!(strip(again), strip(listing));
}

/// Resident memory of this process, where the system reports it.
fn memory() -> String {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.map_or("an unknown amount".into(), |line| line.trim().to_owned())
}
