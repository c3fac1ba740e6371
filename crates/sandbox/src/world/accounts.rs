//! Who there is, and with which tokens.

use super::super::account::{Account, State};
use super::super::error::{Refusal, TOKEN_UNREADABLE};
use super::super::time::Millis;
use super::super::token::Token;
use super::{Changed, World};

impl World {
    pub(crate) fn accounts(&self) -> &[Account] {
        &self.base.accounts
    }

    pub(crate) fn account(&self, user_id: &str) -> Option<&Account> {
        self.base.accounts.iter().find(|account| account.user_id == user_id)
    }

    /// Adds an account; one that is there takes over the name.
    pub(crate) fn add_account(&mut self, account: Account) {
        match self.base.accounts.iter_mut().find(|known| known.user_id == account.user_id) {
            Some(known) if known.username == account.username => return,
            Some(known) => known.username = account.username,
            None => self.base.accounts.push(account),
        }
        self.changed.insert(Changed::Base);
    }

    pub(crate) fn token(&self, text: &str) -> Option<&Token> {
        self.base.tokens.iter().find(|token| token.text == text)
    }

    pub(crate) fn token_names(&self) -> impl Iterator<Item = &str> {
        self.base.tokens.iter().map(|token| token.text.as_str())
    }

    /// Adds a token with the reach of another one. Its text is new.
    pub(crate) fn issue(&mut self, model: &str, prefix: &str, now: Millis, life: Millis) -> Result<Token, Refusal> {
        let old = self.token(model).ok_or(&TOKEN_UNREADABLE)?;
        let text = format!("{prefix}-{}", self.base.tokens.len());
        let token = Token { text, issued_at: now, expires_at: Some(now + life), dead: None, ..old.clone() };
        self.base.tokens.push(token.clone());
        self.changed.insert(Changed::Base);
        Ok(token)
    }

    /// Gives a token a new life under its old text.
    pub(crate) fn renew(&mut self, text: &str, now: Millis, life: Millis) -> Result<Token, Refusal> {
        let token = self.base.tokens.iter_mut().find(|token| token.text == text).ok_or(&TOKEN_UNREADABLE)?;
        (token.issued_at, token.expires_at) = (now, Some(now + life));
        self.changed.insert(Changed::Base);
        Ok(token.clone())
    }

    /// Whether an authorization code is used for the first time.
    pub(crate) fn use_code(&mut self, code: &str) -> bool {
        let fresh = !self.base.used_codes.iter().any(|used| used == code);
        self.base.used_codes.push(code.to_owned());
        self.changed.insert(Changed::Base);
        fresh
    }

    /// Makes a token answer 190 with this subcode from now on; `None` brings it back to life. False:
    /// there is no such token.
    pub(crate) fn kill_token(&mut self, text: &str, subcode: Option<i64>) -> bool {
        let token = self.base.tokens.iter_mut().find(|token| token.text == text);
        let Some(token) = token else { return false };
        token.dead = subcode;
        self.changed.insert(Changed::Base);
        true
    }

    /// False: there is no such account.
    pub(crate) fn set_professional_since(&mut self, user_id: &str, since: Option<Millis>) -> bool {
        let account = self.base.accounts.iter_mut().find(|account| account.user_id == user_id);
        let Some(account) = account else { return false };
        account.professional_since = since;
        self.changed.insert(Changed::Base);
        true
    }

    /// False: there is no such account.
    pub(crate) fn set_state(&mut self, user_id: &str, state: State) -> bool {
        let account = self.base.accounts.iter_mut().find(|account| account.user_id == user_id);
        let Some(account) = account else { return false };
        account.state = state;
        self.changed.insert(Changed::Base);
        true
    }
}
