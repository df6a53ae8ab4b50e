//! Sets a client's token: one `unsafe` call.
//!
//! rdkafka asks for a token only when a client is polled. An admin client never is, and neither is a producer while it
//! initialises or commits: it would wait for a token that nobody gives it. So the token is given unasked, by librdkafka's
//! own call for it, which rdkafka does not wrap.

#![allow(unsafe_code)]

use std::ffi::{CString, c_char};
use std::ptr;

use rdkafka::bindings::rd_kafka_oauthbearer_set_token;
use rdkafka::client::{Client, ClientContext};
use rdkafka::error::RDKafkaErrorCode;

/// Gives `client` a token for its logins from now on; connections that wait for one go on.
///
/// # Errors
/// In words, and without the token, which librdkafka's own text would show.
pub(super) fn set_oauth_token<C: ClientContext>(
    client: &Client<C>,
    token: &str,
    principal: &str,
    expires_ms: i64,
) -> Result<(), String> {
    let text = |text: &str| CString::new(text).map_err(|_| "a zero byte is in it".to_owned());
    let (token, principal) = (text(token)?, text(principal)?);
    let mut said: [c_char; 512] = [0; 512];
    // SAFETY: The client is borrowed, so its native pointer is alive for the whole call, which may be made from any thread
    // (librdkafka takes its own lock). Both texts end in a zero byte and are copied before the call returns. No extensions
    // are given, and so many bytes as are said may be written to `said`.
    let code = unsafe {
        rd_kafka_oauthbearer_set_token(
            client.native_ptr(),
            token.as_ptr(),
            expires_ms,
            principal.as_ptr(),
            ptr::null_mut(),
            0,
            said.as_mut_ptr(),
            said.len(),
        )
    };
    match RDKafkaErrorCode::from(code) {
        RDKafkaErrorCode::NoError => Ok(()),
        code => Err(format!("librdkafka refuses the token: {code}")),
    }
}
