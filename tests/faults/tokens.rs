//! A worker that logs in by a token (SASL OAUTHBEARER), which is good for seconds and is replaced while it works, from a file and
//! by a command. Tokens are made here, unsigned, as Kafka's own validator for tests takes them.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::run::Run;
use crate::scenario::Fault::{self, Do};
use crate::scenario::{Act, Kind, Scenario};
use crate::security::{CLIENT, configure, configure_as, grant, refused};

/// Life of a token, while a scenario replaces it in time.
const SHORT: Duration = Duration::from_secs(15);
/// Connections must log in again after so long, or with the end of their token if that is sooner.
const REAUTHENTICATE_MS: u32 = 10_000;

/// Both scenarios: the token lapses while articles come, and (by a command) after the last one came.
pub fn all() -> Vec<Scenario> {
    vec![
        Scenario::new("sasl-oauthbearer", 23, until(expire))
            .on(Kind::Secure)
            .prepare(|run| bearer(run, "token-file = \"TOKEN\""))
            .before(bad_tokens)
            .settings(LOGINS)
            .feed(9000, 200),
        Scenario::new("sasl-oauthbearer-command", 23, until(take_away))
            .on(Kind::Secure)
            .prepare(|run| bearer(run, "token-command = [\"cat\", \"TOKEN\"]"))
            .settings(LOGINS)
            .feed(5200, 200),
    ]
}

/// What the broker's listener `TOKEN` is told.
pub fn listener() -> String {
    let bearer = "listener.name.token.oauthbearer";
    let module = "org.apache.kafka.common.security.oauthbearer.OAuthBearerLoginModule";
    format!(
        "listener.name.token.sasl.enabled.mechanisms=OAUTHBEARER\n\
         {bearer}.sasl.jaas.config={module} required unsecuredLoginStringClaim_sub=\"broker\";\n\
         {bearer}.connections.max.reauth.ms={REAUTHENTICATE_MS}\n"
    )
}

/// Each login is in the log.
const LOGINS: &[(&str, &str)] = &[("COPYDESK__LOG__FILTER", "info,copydesk::worker::login=debug")];

/// A token is replaced in time, again and again; then it is not; then it is.
fn until(lapse: Act) -> Vec<(f64, Fault)> {
    let mut faults: Vec<(f64, Fault)> = (0..4).map(|n| (2.0 + 5.0 * f64::from(n), Do("a new token", renew))).collect();
    faults.push((20.0, Do("lapsed", lapse)));
    faults.push((21.0, Do("a good token again", renew_for_long)));
    faults
}

/// An unsigned JWT that `CLIENT` is named in, and that is good for so long; or was, `ago`.
fn token(lifetime: Duration, ago: Duration) -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_secs_f64() - ago.as_secs_f64();
    let claims = format!(r#"{{"sub":"{CLIENT}","iat":{:.3},"exp":{:.3}}}"#, now - 1.0, now + lifetime.as_secs_f64());
    format!("{}.{}.", URL_SAFE_NO_PAD.encode(r#"{"alg":"none"}"#), URL_SAFE_NO_PAD.encode(claims))
}

fn token_file(run: &Run) -> PathBuf {
    run.folder.join("token")
}

/// As it is done where a reader must never find half of it: written beside, and moved.
fn put_token(path: &Path, token: &str) {
    let beside = path.with_extension("new");
    std::fs::write(&beside, token).expect("written");
    std::fs::rename(&beside, path).expect("moved");
}

fn renew(run: &mut Run) -> Result<String, String> {
    put_token(&token_file(run), &token(SHORT, Duration::ZERO));
    Ok(format!("good for {} s", SHORT.as_secs()))
}

fn renew_for_long(run: &mut Run) -> Result<String, String> {
    put_token(&token_file(run), &token(20 * SHORT, Duration::ZERO));
    run.workers[0].wait_ready(2 * SHORT)?;
    Ok("good until the end, and the lanes are ready".to_owned())
}

/// `source` is the line of `[oauth]`, with TOKEN for the file's path.
fn bearer(run: &mut Run, source: &str) -> Result<String, String> {
    let source = source.replace("TOKEN", &token_file(run).display().to_string());
    // What is asked of the mechanism and the protocol follows from it.
    let config = configure(run, "ca", &format!("[oauth]\n{source}\n"));
    let names = run.names.clone();
    grant(run, CLIENT, &names)?;
    // Only now, since granting takes a while.
    renew(run)?;
    run.workers[0].config = Some(config);
    run.workers[0].brokers = Some(run.cluster.secure("TOKEN"));
    Ok(format!("a token of {} s, from {source}", SHORT.as_secs()))
}

fn bad_tokens(run: &mut Run) -> Result<String, String> {
    let path = run.folder.join("bad-token");
    let config = configure_as(run, "bad-token", "ca", &format!("[oauth]\ntoken-file = \"{}\"\n", path.display()));
    let key = format!("oauth.token-file = `{}`", path.display());
    let mut said = Vec::new();
    // The last one is a token, until a broker sees it.
    for (what, word) in [
        (None, "can't be read"),
        (Some(String::new()), "it is empty"),
        (Some(token(SHORT, 2 * SHORT)), "has expired"),
        (Some("not-what-the-broker-knows".to_owned()), "authentication error"),
    ] {
        // For the worker itself, which works on meanwhile.
        renew(run)?;
        if let Some(token) = &what {
            put_token(&path, token);
        }
        let told = refused(run, "TOKEN", &config, &[word])?;
        if word != "authentication error" && !told.contains(&key) || told.contains("not-what") {
            return Err(format!("the key is not named, or the token is: {told}"));
        }
        said.push(told);
    }
    renew(run)?;
    Ok(said.join("; "))
}

fn expire(run: &mut Run) -> Result<String, String> {
    lapse(run, &token(SHORT, 2 * SHORT), "oauth.token-file", "has expired")
}

fn take_away(run: &mut Run) -> Result<String, String> {
    lapse(run, "", "oauth.token-command", "No such file")
}

/// Until now every login went well; then the token is replaced by another, or is gone where that is empty, and `/readyz` must
/// say so when the old one has expired.
fn lapse(run: &mut Run, other: &str, key: &str, word: &str) -> Result<String, String> {
    let logins = run.workers[0].log().matches(&format!("logged in again as `{CLIENT}`")).count();
    let restarts = run.workers[0].metric("copydesk_lane_restarts_total");
    // Two lanes of two clients each, through more than one token.
    if logins < 4 || restarts > 0.0 {
        return Err(format!(
            "{logins} logins with new tokens, {restarts} restarts of lanes: at least 4 and none expected"
        ));
    }
    if other.is_empty() {
        std::fs::remove_file(token_file(run)).map_err(|error| error.to_string())?;
    } else {
        put_token(&token_file(run), other);
    }
    let end = Instant::now() + 3 * SHORT;
    loop {
        let answer = run.workers[0].get("/readyz");
        if let Some((503, body)) = &answer
            && body.contains(key)
            && body.contains(word)
        {
            return Ok(format!("after {logins} logins, /readyz says {}", body.trim().replace('\n', "; ")));
        }
        if Instant::now() > end {
            return Err(format!("/readyz does not say what is wrong with the token: {answer:?}"));
        }
        std::thread::sleep(Duration::from_millis(200));
    }
}
