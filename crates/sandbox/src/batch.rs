//! Several calls in one request.
//!
//! Meta: <https://developers.facebook.com/docs/graph-api/batch-requests>

use axum::http::{HeaderMap, Method, Uri};
use serde_json::{Value, json};

use super::auth;
use super::call::Call;
use super::edges;
use super::error::{PARAMETER, Refusal, TOO_MANY_CALLS};
use super::machine::Core;
use super::respond;
use super::token::Login;

const MAX_CALLS: usize = 50;

/// Answers each call of `batch` in order; a refusal of one does not stop the others.
pub(crate) async fn answer(core: &Core, outer: &Call, trace: impl Fn() -> String) -> Result<Value, Refusal> {
    if auth::served(&outer.base) == Some(Login::Instagram) && !core.world().settings.batch_on_instagram {
        return Err((&super::error::BAD_REQUEST).into());
    }
    let calls = outer.params.objects("batch")?.unwrap_or_default();
    if calls.len() > MAX_CALLS {
        return Err(PARAMETER.because(TOO_MANY_CALLS));
    }
    let mut answers = Vec::new();
    for call in calls {
        let text = |name: &str| call.get(name).and_then(Value::as_str).unwrap_or_default();
        let result = match read(outer, text("method"), text("relative_url"), text("body")) {
            Ok(call) => edges::answer(core, &call).await,
            Err(refusal) => Err(refusal),
        };
        let (status, body) = match result {
            Ok(body) => (200, body),
            Err(refusal) => (refusal.http, refusal.body(&trace())),
        };
        let headers = json!([{ "name": "Content-Type", "value": "application/json; charset=UTF-8" }]);
        answers.push(json!({ "code": status, "headers": headers, "body": respond::escaped(&body) }));
    }
    Ok(Value::Array(answers))
}

fn read(outer: &Call, method: &str, url: &str, body: &str) -> Result<Call, Refusal> {
    let wrong = || Refusal::parameter("A call of the batch has no usable method or relative_url");
    let method = Method::from_bytes(method.as_bytes()).map_err(|_| wrong())?;
    let uri: Uri = format!("/{}", url.trim_start_matches('/')).parse().map_err(|_| wrong())?;
    let call = Call::read(&method, &uri, &HeaderMap::new(), body.as_bytes(), outer.now)?;
    Ok(Call {
        token: call.token.or_else(|| outer.token.clone()),
        base: outer.base.clone(),
        marks: outer.marks.clone(),
        ..call
    })
}
