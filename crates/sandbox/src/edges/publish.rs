//! `POST /{user}/media_publish`: the call that cannot be undone.

use serde_json::{Value, json};

use super::super::call::Call;
use super::super::error::{CONTAINER_NOT_FOUND, Refusal};
use super::super::machine::Core;
use super::super::token::{Ability, Token};

pub(super) fn publish(core: &Core, call: &Call, token: &Token, user_id: &str) -> Result<Value, Refusal> {
    token.need(Ability::Publish)?;
    let id = call.params.text("creation_id");
    let id = id.ok_or_else(|| Refusal::parameter("The parameter creation_id is required"))?;
    let id = id.parse().map_err(|_| &CONTAINER_NOT_FOUND)?;
    let media = core.world().publish(user_id, id, &call.marks, call.now)?.to_string();
    if call.params.has("fields") {
        // As observed: the post is live and only the read that `fields` asks for fails.
        return Err(Refusal::nonexistent("post", &media));
    }
    Ok(json!({ "id": media }))
}
