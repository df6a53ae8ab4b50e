//! Clients that are logged in: every client of Kafka's is made here.
//!
//! Where brokers want a token ([`crate::config::Oauth`]), a client gets one before it is used, and a new one when 80 % of
//! its lifetime are over, from a thread of its own: whoever owns the client may be waiting inside librdkafka just then. A
//! token that can't be had is asked for again; until the old one expires nothing else happens.

use std::ops::Deref;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rdkafka::admin::AdminClient;
use rdkafka::client::ClientContext;
use rdkafka::config::{ClientConfig, FromClientConfigAndContext};
use rdkafka::consumer::{BaseConsumer, Consumer, ConsumerContext};
use rdkafka::error::KafkaError;
use rdkafka::producer::{BaseProducer, Producer, ProducerContext};
use tracing::{debug, warn};

use crate::config::{Oauth, Stream};

use super::failure::{Failure, KafkaTrouble};
use super::oauth_token::set_oauth_token;
use super::token::{self, Token};

/// The pause before a token that could not be had is asked for again.
const AGAIN: Duration = Duration::from_secs(2);
/// A file that still holds an old token is not read more often than so.
const LEAST: Duration = Duration::from_millis(500);

/// A client that can be given a token.
pub(super) trait Bearer: Send + Sync + 'static {
    fn set_token(&self, token: &Token) -> Result<(), String>;
}

impl<C: ClientContext + 'static> Bearer for AdminClient<C> {
    fn set_token(&self, token: &Token) -> Result<(), String> {
        set_oauth_token(self.inner(), &token.text, &token.principal, millis(token))
    }
}

impl<C: ConsumerContext + 'static> Bearer for BaseConsumer<C> {
    fn set_token(&self, token: &Token) -> Result<(), String> {
        set_oauth_token(self.client(), &token.text, &token.principal, millis(token))
    }
}

impl<C: ProducerContext + 'static> Bearer for BaseProducer<C> {
    fn set_token(&self, token: &Token) -> Result<(), String> {
        set_oauth_token(self.client(), &token.text, &token.principal, millis(token))
    }
}

fn millis(token: &Token) -> i64 {
    let since = token.expires.duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX / 1000)
}

/// A client, and what keeps it logged in.
pub(super) struct LoggedIn<T: Bearer> {
    // Before the client: it holds a part of it, which must not be the last one.
    refresher: Option<TokenRefresher>,
    client: Arc<T>,
}

impl<T: Bearer> LoggedIn<T> {
    /// Makes a client that has a token where the brokers ask for one.
    pub(super) fn new<C>(config: &ClientConfig, context: C, stream: &Stream) -> Result<LoggedIn<T>, NoClient>
    where
        C: ClientContext,
        T: FromClientConfigAndContext<C>,
    {
        let token = stream.oauth.as_ref().map(|oauth| Ok((oauth, token::fetch(oauth)?))).transpose();
        let token = token.map_err(|error: token::NoToken| NoClient::Login(error.to_string()))?;
        let client = T::from_config_and_context(config, context).map_err(NoClient::Refused)?;
        let client = Arc::new(client);
        let refresher = match token {
            None => None,
            Some((oauth, token)) => {
                client.set_token(&token).map_err(NoClient::Login)?;
                let bearer: Arc<dyn Bearer> = Arc::<T>::clone(&client);
                let refresher = TokenRefresher::start(oauth.clone(), token, bearer);
                Some(refresher.map_err(|error| NoClient::Login(error.to_string()))?)
            }
        };
        Ok(LoggedIn { refresher, client })
    }

    /// The client itself, to be shared with another thread. It is kept logged in no longer than `self` lives.
    pub(super) fn share(&self) -> Arc<T> {
        Arc::clone(&self.client)
    }

    /// Why the client's token has expired without another in its place. Connections that stand may go on for as long as the
    /// brokers let them; no other comes to be.
    pub(super) fn lapsed(&self) -> Option<String> {
        self.refresher.as_ref()?.state().lapsed()
    }
}

impl<T: Bearer> Deref for LoggedIn<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.client
    }
}

/// What a client was doing when it could not log in.
pub(super) const LOGIN: &str = "logging in";

/// Why a client was not made.
#[derive(Debug)]
pub(super) enum NoClient {
    /// There is no token for the brokers, in words.
    Login(String),
    /// librdkafka refuses the configuration.
    Refused(KafkaError),
}

impl From<NoClient> for KafkaTrouble {
    fn from(error: NoClient) -> KafkaTrouble {
        match error {
            NoClient::Login(what) => KafkaTrouble { doing: LOGIN.to_owned(), what },
            NoClient::Refused(error) => KafkaTrouble::new("starting the client", &error),
        }
    }
}

/// Asked where a call failed that may be repeated: without a token it would fail for ever, and nobody would know why.
pub(super) fn still_logged_in<T: Bearer>(client: &LoggedIn<T>) -> Result<(), Failure> {
    client.lapsed().map_or(Ok(()), |error| Err(Failure::Unavailable { doing: LOGIN, error }))
}

/// Keeps one client logged in until it is dropped.
struct TokenRefresher {
    shared: Arc<Mutex<TokenState>>,
    /// Never sent anything: the thread ends when it is gone.
    _ends: Sender<()>,
}

struct TokenState {
    /// `None`: nobody is left to be kept logged in.
    bearer: Option<Arc<dyn Bearer>>,
    expires: SystemTime,
    /// Why there was no other token, when one was asked for last.
    trouble: Option<String>,
}

impl TokenState {
    fn lapsed(&self) -> Option<String> {
        self.trouble.clone().filter(|_| self.expires <= SystemTime::now())
    }
}

impl TokenRefresher {
    fn start(oauth: Oauth, first: Token, bearer: Arc<dyn Bearer>) -> std::io::Result<TokenRefresher> {
        let state = TokenState { bearer: Some(bearer), expires: first.expires, trouble: None };
        let shared = Arc::new(Mutex::new(state));
        let (ends, ended) = channel();
        let of_thread = Arc::clone(&shared);
        let pause = until_refresh(&first);
        std::thread::Builder::new().name("login".to_owned()).spawn(move || keep(&oauth, &of_thread, &ended, pause))?;
        Ok(TokenRefresher { shared, _ends: ends })
    }

    fn state(&self) -> MutexGuard<'_, TokenState> {
        lock(&self.shared)
    }
}

impl Drop for TokenRefresher {
    fn drop(&mut self) {
        // The thread may be asking for a token; the client goes without waiting for it.
        self.state().bearer = None;
    }
}

fn lock(shared: &Mutex<TokenState>) -> MutexGuard<'_, TokenState> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

/// 80 % of what is left, as librdkafka does it.
fn until_refresh(token: &Token) -> Duration {
    token.left().mul_f64(0.8).max(LEAST)
}

fn keep(oauth: &Oauth, shared: &Mutex<TokenState>, ended: &Receiver<()>, mut pause: Duration) {
    while ended.recv_timeout(pause) == Err(RecvTimeoutError::Timeout) {
        let token = token::fetch(oauth).map_err(|error| error.to_string());
        let mut state = lock(shared);
        let Some(bearer) = state.bearer.clone() else { return };
        match token.and_then(|token| bearer.set_token(&token).map(|()| token)) {
            Ok(token) => {
                debug!("logged in again as `{}`, for {} s", token.principal, token.left().as_secs());
                pause = until_refresh(&token);
                state.expires = token.expires;
                state.trouble = None;
            }
            Err(error) => {
                if state.trouble.is_none() {
                    let left = state.expires.duration_since(SystemTime::now()).unwrap_or_default();
                    warn!("no new token, and the old one ends in {} s: {error}", left.as_secs());
                }
                state.trouble = Some(error);
                pause = AGAIN;
            }
        }
        // Within the lock, or the last part of a client could be dropped here.
        drop(bearer);
        drop(state);
    }
}
