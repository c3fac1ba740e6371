//! Requests as the samples of Meta's pages write them: in the query, as a form, as JSON, as multipart;
//! on both hosts.

use reqwest::{RequestBuilder, header::HOST};

use super::*;

const FACEBOOK: &str = "facebook.localhost";
const INSTAGRAM: &str = "instagram.localhost";

/// A request as a page shows it, with the sandbox where the page has Meta's host.
struct Sample<'a> {
    server: &'a Server,
    host: &'static str,
    token: &'static str,
}

impl Sample<'_> {
    fn request(&self, method: &str, path: &str) -> RequestBuilder {
        let url = format!("{}/{path}", self.server.base);
        self.server.client.request(method.parse().unwrap(), url).header(HOST, self.host)
    }

    async fn answer(&self, request: RequestBuilder) -> Value {
        let (status, answer) = reply(request.send().await.unwrap()).await.unwrap();
        assert_eq!(status, 200, "{}: {answer}", self.host);
        answer
    }

    /// `curl -X POST "https://…?image_url=…&access_token=…"`, with an empty body.
    async fn in_query(&self, path: &str, params: &[(&str, &str)]) -> Value {
        let query = encoded(params.iter().copied().chain([("access_token", self.token)]));
        self.answer(self.request("POST", &format!("{path}?{query}"))).await
    }

    /// `curl -F` and `-d`: multipart and form.
    async fn in_form(&self, path: &str, params: &[(&str, &str)]) -> Value {
        let body = encoded(params.iter().copied().chain([("access_token", self.token)]));
        let request = self.request("POST", path).header("content-type", "application/x-www-form-urlencoded");
        self.answer(request.body(body)).await
    }

    async fn in_multipart(&self, path: &str, params: &[(&str, &str)]) -> Value {
        let part = |(name, value): (&str, &str)| {
            format!("--X\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n")
        };
        let body: String = params.iter().copied().chain([("access_token", self.token)]).map(part).collect();
        let request = self.request("POST", path).header("content-type", "multipart/form-data; boundary=X");
        self.answer(request.body(format!("{body}--X--\r\n"))).await
    }

    /// `-H "Content-Type: application/json" -H "Authorization: Bearer …" -d '{…}'`
    async fn in_json(&self, path: &str, params: Value) -> Value {
        let request = self.request("POST", path).header("content-type", "application/json").bearer_auth(self.token);
        self.answer(request.body(params.to_string())).await
    }

    async fn read(&self, path: &str) -> Value {
        let mark = if path.contains('?') { '&' } else { '?' };
        self.answer(self.request("GET", &format!("{path}{mark}access_token={}", self.token))).await
    }
}

fn encoded<'a>(params: impl Iterator<Item = (&'a str, &'a str)>) -> String {
    url::form_urlencoded::Serializer::new(String::new()).extend_pairs(params).finish()
}

fn id(answer: &Value) -> String {
    answer["id"].as_str().unwrap().to_owned()
}

/// The guide's steps for a single image, in all four encodings.
#[tokio::test]
async fn a_photo_in_every_encoding_on_both_hosts() {
    let server = start().await;
    let image = server.picture().await;
    for (host, token) in [(FACEBOOK, "EAA-LONG"), (INSTAGRAM, "IGAA-LONG")] {
        let sample = Sample { server: &server, host, token };
        let (create, publish) = (format!("v25.0/{USER}/media"), format!("v25.0/{USER}/media_publish"));
        let params = [("image_url", image.as_str()), ("caption", "#BronzFonz"), ("alt_text", "A picture")];
        let made = [
            sample.in_query(&create, &params).await,
            sample.in_form(&create, &params).await,
            sample.in_multipart(&create, &params).await,
            sample.in_json(&create, json!({ "image_url": image, "caption": "#BronzFonz" })).await,
        ];
        let ids: Vec<String> = made.iter().map(id).collect();
        let state = sample.read(&format!("v25.0/{}?fields=status_code", ids[0])).await;
        assert_eq!(state, json!({ "status_code": "FINISHED", "id": ids[0] }));
        let lives = [
            sample.in_query(&publish, &[("creation_id", &ids[0])]).await,
            sample.in_form(&publish, &[("creation_id", &ids[1])]).await,
            sample.in_multipart(&publish, &[("creation_id", &ids[2])]).await,
            sample.in_json(&publish, json!({ "creation_id": ids[3].parse::<u64>().unwrap() })).await,
        ];
        let page = sample.read(&format!("v25.0/{USER}/media")).await;
        assert_eq!(page["data"][0], json!({ "id": id(&lives[3]) }));
    }
    assert_eq!(server.posts().await.len(), 8);
}

/// Reels, stories and carousels as the reference writes them.
#[tokio::test]
async fn every_kind_on_both_hosts() {
    let server = start().await;
    let (image, video) = (server.picture().await, server.clip().await);
    for (host, token) in [(FACEBOOK, "EAA-LONG"), (INSTAGRAM, "IGAA-LONG")] {
        let sample = Sample { server: &server, host, token };
        let (create, publish) = (format!("v25.0/{USER}/media"), format!("v25.0/{USER}/media_publish"));
        let reel = sample
            .in_query(
                &create,
                &[
                    ("media_type", "REELS"),
                    ("video_url", &video),
                    ("cover_url", &image),
                    ("thumb_offset", "1000"),
                    ("share_to_feed", "true"),
                    ("collaborators", "[\"harbour\",\"lighthouse\"]"),
                    ("user_tags", "[{\"username\":\"natgeo\"}]"),
                    ("trial_params", "{\"graduation_strategy\":\"MANUAL\"}"),
                ],
            )
            .await;
        let story = sample.in_form(&create, &[("media_type", "STORIES"), ("video_url", &video)]).await;
        let tags = "[{username:'kevinhart4real',x:0.5,y:0.8},{username:'therock',x:0.3,y:0.2}]";
        let items = [
            sample.in_query(&create, &[("is_carousel_item", "true"), ("image_url", &image), ("user_tags", tags)]).await,
            sample
                .in_query(&create, &[("is_carousel_item", "true"), ("media_type", "VIDEO"), ("video_url", &video)])
                .await,
        ];
        let csv = format!("{},{}", id(&items[0]), id(&items[1]));
        let carousel = sample
            .in_json(&create, json!({ "media_type": "CAROUSEL", "caption": "Fruit candies", "children": csv }))
            .await;
        server.advance(30);
        for container in [reel, story, carousel] {
            sample.in_query(&publish, &[("creation_id", &id(&container))]).await;
        }
        let limit = sample.read(&format!("v25.0/{USER}/content_publishing_limit?fields=quota_usage,config")).await;
        assert_eq!(limit["data"][0]["config"], json!({ "quota_total": 50, "quota_duration": 86_400 }));
        assert!(sample.read(&format!("v25.0/{USER}/stories")).await["data"][0]["id"].is_string());
    }
    let kinds: Vec<&str> = server.posts().await.iter().map(|post| post.kind).collect();
    assert_eq!(kinds, ["reel", "story", "carousel", "reel", "story", "carousel"]);
}

/// The guide for resumable uploads: bytes with headers, or a hosted file.
#[tokio::test]
async fn a_video_by_both_ways_of_the_upload_host() {
    let server = start().await;
    let sample = Sample { server: &server, host: FACEBOOK, token: "EAA-LONG" };
    let film = Mp4::default().build();
    let hosted = server.clip().await;
    for hosted in [None, Some(hosted)] {
        let made = sample
            .in_query(&format!("v25.0/{USER}/media"), &[("media_type", "REELS"), ("upload_type", "resumable")])
            .await;
        let container = id(&made);
        assert!(made["uri"].as_str().unwrap().ends_with(&format!("/ig-api-upload/v25.0/{container}")));
        let request = sample.request("POST", &format!("ig-api-upload/v25.0/{container}"));
        let request = request.header("authorization", "OAuth EAA-LONG");
        let request = match hosted {
            Some(url) => request.header("file_url", url),
            None => request.header("offset", "0").header("file_size", film.len().to_string()).body(film.clone()),
        };
        let done = sample.answer(request).await;
        assert_eq!(done, json!({ "success": true, "message": "Upload successful." }));
        server.advance(30);
        let state = sample.read(&format!("v25.0/{container}?fields=id,status,status_code,video_status")).await;
        assert_eq!(state["video_status"]["uploading_phase"]["status"], "complete");
        assert_eq!(state["video_status"]["processing_phase"]["status"], "complete");
        sample.in_form(&format!("v25.0/{USER}/media_publish"), &[("creation_id", &container)]).await;
    }
}

/// Comments, the comment switch, and deleting, as their references write them.
#[tokio::test]
async fn a_post_is_commented_switched_and_deleted() {
    let server = start().await;
    let media = server.published(&server.image().await).await;
    let facebook = Sample { server: &server, host: FACEBOOK, token: "EAA-LONG" };
    let comment = facebook.in_query(&format!("v25.0/{media}/comments"), &[("message", "This is awesome!")]).await;
    assert!(comment["id"].is_string());
    let on = facebook.in_query(&format!("v25.0/{media}"), &[("comment_enabled", "true")]).await;
    assert_eq!(on, json!({ "success": true }));
    let expanded = facebook.read(&format!("v25.0/{media}?fields=id,comments.limit(1){{id,text}}")).await;
    assert_eq!(expanded["comments"]["data"][0]["text"], "This is awesome!");
    let own = facebook.read(&format!("v25.0/{USER}?fields=media.limit(2){{id,media_type}}")).await;
    assert_eq!(own["media"]["data"][0]["media_type"], "IMAGE");
    let instagram = Sample { server: &server, host: INSTAGRAM, token: "IGAA-LONG" };
    let delete = instagram.request("DELETE", &format!("v25.0/{media}?access_token=IGAA-LONG"));
    let (status, answer) = reply(delete.send().await.unwrap()).await.unwrap();
    assert_eq!((status, code(&answer)), (400, (100, Some(33))));
    let deleted = facebook.answer(facebook.request("DELETE", &format!("v25.0/{media}?access_token=EAA-LONG"))).await;
    assert_eq!(deleted, json!({ "success": true, "deleted_id": media }));
}

/// What the pages say goes wrong, on the host where it does.
#[tokio::test]
async fn documented_failures_fail_as_documented() {
    let server = start().await;
    let image = server.picture().await;
    let create = format!("v25.0/{USER}/media");
    let cases = [
        (FACEBOOK, "IGAA-LONG", vec![("image_url", image.as_str())], (190, None)),
        (INSTAGRAM, "EAA-LONG", vec![("image_url", image.as_str())], (190, None)),
        (INSTAGRAM, "IGAA-LONG", vec![("media_type", "REELS"), ("upload_type", "resumable")], (100, None)),
        (
            INSTAGRAM,
            "IGAA-LONG",
            vec![("image_url", image.as_str()), ("product_tags", "[{product_id:'1',x:0,y:0}]")],
            (100, None),
        ),
        (FACEBOOK, "EAA-LONG", vec![("image_url", "https://example.com/nothing.jpg")], (9_004, Some(2_207_052))),
        (FACEBOOK, "EAA-EXPIRED", vec![("image_url", image.as_str())], (190, Some(463))),
        (FACEBOOK, "EAA-READONLY", vec![("image_url", image.as_str())], (10, None)),
    ];
    for (host, token, params, expected) in cases {
        let sample = Sample { server: &server, host, token };
        let query = encoded(params.into_iter().chain([("access_token", token)]));
        let (_, answer) =
            reply(sample.request("POST", &format!("{create}?{query}")).send().await.unwrap()).await.unwrap();
        assert_eq!(code(&answer), expected, "{host} {token}: {answer}");
    }
}
