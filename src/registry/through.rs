//! A registry that is asked over streams that somebody else makes, as many as it wants.

use super::{Ask, Conversation, Got, Known, Login, RegistryError, conversation::DOOR};
use crate::Secret;
use http::StatusCode;
use std::fmt::Display;
use tokio::io::{AsyncRead, AsyncWrite};

/// Questions to one registry, for whoever has `login`, or for everybody.
///
/// Invariants: what has answered once is there, and where it then breaks off, that is no silence. A password is shown
/// to nobody who has not asked for one.
pub(crate) struct Through<C> {
    host: String,
    connect: C,
    login: Option<Login>,
    /// The header that opens it, once it wants one.
    authorization: Option<Secret>,
    conversation: Option<Conversation>,
    answered: bool,
}

impl<C, F, S, E> Through<C>
where
    C: Fn() -> F,
    F: Future<Output = Result<S, E>>,
    S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
    E: Display,
{
    /// Over a stream that stands, and over others that `connect` makes when that has ended. Nothing is asked yet.
    pub(crate) async fn over(first: S, connect: C, host: &str, login: Option<Login>) -> Result<Self, RegistryError> {
        let conversation = Some(Conversation::over(first, host).await?);
        Ok(Self { host: host.to_owned(), connect, login, authorization: None, conversation, answered: false })
    }

    /// One question and its answer.
    async fn ask(&mut self, path: &str, accept: &str, most: usize) -> Result<Got, RegistryError> {
        let told = self.ask_over_any(path, accept, most).await;
        self.answered |= told.is_ok();
        told.map_err(|error| match error {
            RegistryError::Broken { host, reason } if self.answered => {
                RegistryError::Unintelligible { host, what: format!("it answered, and then it breaks off ({reason})") }
            }
            error => error,
        })
    }

    /// A registry may end a connection after any answer, and need not announce it: that shows with the next question,
    /// which then goes over another, once.
    async fn ask_over_any(&mut self, path: &str, accept: &str, most: usize) -> Result<Got, RegistryError> {
        if let Some(standing) = self.conversation.as_mut().filter(|one| !one.is_over()) {
            match standing.get(path, accept, most).await {
                Err(RegistryError::Broken { .. }) if self.answered => {}
                told => return told,
            }
        }
        let connecting = (self.connect)();
        let stream = connecting.await.map_err(|error| RegistryError::Unintelligible {
            host: self.host.clone(),
            what: format!("it ended the connection, and for another: {error}"),
        })?;
        let mut another = Conversation::over(stream, &self.host).await?;
        another.show(self.authorization.clone());
        self.conversation.insert(another).get(path, accept, most).await
    }
}

impl<C, F, S, E> Ask for Through<C>
where
    C: Fn() -> F + Send,
    F: Future<Output = Result<S, E>> + Send,
    S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
    E: Display + Send,
{
    async fn get(&mut self, path: &str, accept: &str, most: usize) -> Result<Got, RegistryError> {
        let mut got = self.ask(path, accept, most).await?;
        if got.status == StatusCode::NOT_FOUND && self.login.is_some() && self.authorization.is_none() {
            let door = self.ask(DOOR, accept, most).await?;
            got = if door.status == StatusCode::UNAUTHORIZED { door } else { got };
        }
        if got.wants_password() {
            let password = self.login.as_ref().and_then(Login::basic).filter(|_| self.authorization.is_none());
            if password.is_none() {
                return Ok(got);
            }
            self.authorization = password;
            if let Some(conversation) = &mut self.conversation {
                conversation.show(self.authorization.clone());
            }
            return self.ask(path, accept, most).await;
        }
        // Even what everybody may read would need one.
        if got.wants_token() { Err(RegistryError::Tokens { host: self.host.clone() }) } else { Ok(got) }
    }

    fn known(&self) -> Known {
        if self.login.is_some() { Known::LoggedIn } else { Known::Nobody }
    }
}

#[cfg(test)]
#[path = "through_tests.rs"]
mod tests;
