//! No secret is ever shown: one of its own is planted at every place of the configuration, and every output is read.
//!
//! Outputs are those of each command that takes configuration, the log of a worker as text and as JSON, and what its admin
//! server says. Brokers are not needed: the worker stands before a port where nobody listens.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that can't go on fails, helpers included")]

#[path = "support/admin.rs"]
mod admin;

use std::fs;
use std::io::Read;
use std::net::TcpListener;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use copydesk::config::catalogue::{Form, PROPERTIES};
use copydesk::config::is_secret;

/// Commands that take configuration. None of them gets as far as a broker where the configuration is refused.
const COMMANDS: [&[&str]; 9] = [
    &["check"],
    &["check", "--offline"],
    &["config"],
    &["run"],
    &["feed", "article.txt"],
    &["tail", "--count", "1"],
    &["topics"],
    &["dead-letters", "list"],
    &["health"],
];

/// A folder with a configuration, an environment and flags, in which secrets are planted.
struct PlantedSecrets {
    folder: tempfile::TempDir,
    environment: Vec<(String, String)>,
    flags: Vec<String>,
    secrets: Vec<String>,
}

impl PlantedSecrets {
    fn new(file: &str) -> PlantedSecrets {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("copydesk.toml"), file).unwrap();
        fs::write(folder.path().join("article.txt"), "One line of an article.\n").unwrap();
        PlantedSecrets { folder, environment: Vec::new(), flags: Vec::new(), secrets: Vec::new() }
    }

    fn env(mut self, name: &str, value: &str) -> PlantedSecrets {
        self.environment.push((name.to_owned(), value.to_owned()));
        self
    }

    fn flag(mut self, flag: &str, value: &str) -> PlantedSecrets {
        self.flags.extend([flag.to_owned(), value.to_owned()]);
        self
    }

    fn hides(mut self, secret: &str) -> PlantedSecrets {
        self.secrets.push(secret.to_owned());
        self
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_copydesk"));
        for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("COPYDESK")) {
            command.env_remove(name);
        }
        command.current_dir(self.folder.path()).args(arguments).args(&self.flags);
        // Workers of one group and name on one machine would refuse each other.
        command.env("COPYDESK__STREAM__GROUP", self.folder.path().file_name().unwrap());
        command.envs(self.environment.iter().map(|(name, value)| (name, value)));
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    /// Exit code and output.
    fn run(&self, arguments: &[&str]) -> (i32, String) {
        let output = self.command(arguments).output().unwrap();
        let said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
        self.assert_hidden(&format!("{arguments:?}"), &said);
        (output.status.code().unwrap_or(-1), said)
    }

    /// No secret is in this output.
    fn assert_hidden(&self, whose: &str, said: &str) {
        for secret in &self.secrets {
            assert!(!said.contains(secret), "{whose} shows {secret}:\n{said}");
        }
    }

    /// Every command refuses it, and names the key or the line; `what` is a part of what is said.
    fn refused_by(&self, commands: &[&[&str]], what: &str) {
        for arguments in commands {
            let start = Instant::now();
            let (code, said) = self.run(arguments);
            assert_eq!(code, 64, "{arguments:?}: {said}");
            assert!(said.contains(what), "{arguments:?} does not say {what}: {said}");
            assert!(start.elapsed() < Duration::from_secs(8), "{arguments:?} took {:?}", start.elapsed());
        }
    }

    /// Each command before brokers that are not there, for some seconds.
    fn all_for_a_while(&self) {
        let limited = |arguments: &&[&str]| -> (String, String) {
            let mut child = self.command(arguments).spawn().unwrap();
            let end = Instant::now() + Duration::from_secs(6);
            while Instant::now() < end && child.try_wait().unwrap().is_none() {
                std::thread::sleep(Duration::from_millis(50));
            }
            let _ = child.kill();
            let output = child.wait_with_output().unwrap();
            (format!("{arguments:?}"), String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned())
        };
        let said: Vec<(String, String)> = std::thread::scope(|scope| {
            let started: Vec<_> = COMMANDS.iter().map(|arguments| scope.spawn(move || limited(arguments))).collect();
            started.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        for (whose, said) in said {
            assert!(!said.contains("error: configuration"), "{whose}: {said}");
            self.assert_hidden(&whose, &said);
        }
    }

    /// A worker at work for some seconds: its log, and what its admin server says.
    fn worker(&self, expected: &str) {
        let port = TcpListener::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap().port();
        let mut child =
            self.command(&["run", "--lanes", "1", "--admin", &format!("127.0.0.1:{port}")]).spawn().unwrap();
        let end = Instant::now() + Duration::from_secs(30);
        let mut pages = String::new();
        // Until a lane has found out that something is in the way, and twice after.
        let mut more = 2;
        while more > 0 && Instant::now() < end {
            std::thread::sleep(Duration::from_millis(700));
            for path in ["/livez", "/readyz", "/status.json", "/", "/now", "/metrics", "/log"] {
                if let Some((_, page)) = admin::get(port, path) {
                    self.assert_hidden(path, &page);
                    if path == "/readyz" && page.contains(expected) {
                        more -= 1;
                    }
                    pages += &page;
                }
            }
        }
        child.kill().unwrap();
        let mut log = String::new();
        child.stderr.take().unwrap().read_to_string(&mut log).unwrap();
        child.stdout.take().unwrap().read_to_string(&mut log).unwrap();
        child.wait().unwrap();
        self.assert_hidden("the log", &log);
        assert!(pages.contains(expected), "nobody said {expected}\n{pages}\n{log}");
        if self.environment.iter().any(|(_, value)| value == "json") {
            for line in log.lines() {
                assert!(serde_json::from_str::<serde_json::Value>(line).is_ok(), "is no JSON: {line}");
            }
        }
    }
}

fn variable(property: &str) -> String {
    format!("COPYDESK__KAFKA__{}", property.to_uppercase().replace('.', "_"))
}

/// A secret property that is set as it should be is nowhere to be seen; and many are, at once.
#[test]
fn secrets_in_their_places_are_not_shown() {
    let folder = tempfile::tempdir().unwrap();
    let in_file = folder.path().join("password");
    fs::write(&in_file, "plant-of-a-file-1\n").unwrap();
    for (format, protocol) in [("text", "SASL_PLAINTEXT"), ("json", "SASL_SSL")] {
        let file = format!(
            "[log]\nformat = \"{format}\"\nfilter = \"debug\"\n\
             [traces]\nendpoint = \"http://desk:plant-of-traces-2@127.0.0.1:1\"\n\
             [kafka]\n\"security.protocol\" = \"{protocol}\"\nsasl.mechanism = \"SCRAM-SHA-512\"\n\
             sasl.username = \"desk\"\n\"ssl.key.password\" = \"plant-of-toml-3\"\n\"sasl.password\" = \"plant-overruled-4\"\n\
             \"ssl.key.pem\" = \"\"\"-----BEGIN PRIVATE KEY-----\nplant-of-a-key-5\n-----END PRIVATE KEY-----\"\"\"\n\
             \"sasl.oauthbearer.config\" = \"plant=6-of-jwt\"\n"
        );
        let mut planted = PlantedSecrets::new(&file)
            .env("COPYDESK__KAFKA__SASL_PASSWORD_FILE", in_file.to_str().unwrap())
            .env("COPYDESK__KAFKA__SSL_KEYSTORE_PASSWORD", "plant-of-env-7")
            .env("COPYDESK__LOG__FORMAT", format)
            .env("COPYDESK__STREAM__BROKERS", "127.0.0.1:1");
        for secret in [
            "plant-of-a-file-1",
            "plant-of-traces-2",
            "plant-of-toml-3",
            "plant-overruled-4",
            "plant-of-a-key-5",
            "plant=6-of-jwt",
            "plant-of-env-7",
        ] {
            planted = planted.hides(secret);
        }
        planted.all_for_a_while();
        planted.worker(if format == "text" { "127.0.0.1:1" } else { "ssl.key.pem" });
    }
}

/// Whatever command gets a token: its arguments that are secrets, what it printed before it failed, what it complained of.
#[test]
fn secrets_of_a_token_command_are_not_shown() {
    let script = "echo plant-of-stdout-1; echo \"no: plant-of-stdout-1 client_secret=plant-of-stderr-2\" >&2; exit 3";
    let file = format!(
        "[stream]\nbrokers = \"127.0.0.1:1\"\n[oauth]\n\
         token-command = [\"sh\", \"-c\", '{script}', \"--client-secret\", \"plant-of-argument-3\", \"--password=plant-of-argument-4\"]\n"
    );
    let planted = PlantedSecrets::new(&file).hides("plant-of-argument-3").hides("plant-of-argument-4");
    let (_, shown) = planted.run(&["config"]);
    assert!(shown.contains("--client-secret"), "{shown}");
    let planted = planted.hides("plant-of-stdout-1").hides("plant-of-stderr-2");
    for arguments in [&["check"][..], &["topics"], &["tail", "--count", "1"], &["dead-letters", "list"]] {
        let (code, said) = planted.run(arguments);
        assert!(code != 0 && said.contains("oauth.token-command = `sh`: it ended with"), "{said}");
    }
    planted.worker("oauth.token-command = `sh`: it ended with");
}

/// Every property of librdkafka's that is a secret, by each way that there is, where librdkafka itself refuses its value or
/// the build its name: the commands end with 64 and the key.
#[test]
fn secrets_that_are_refused_are_not_shown() {
    let mut count = 0;
    for property in PROPERTIES.iter().filter(|property| is_secret(property.name)) {
        count += 1;
        let secret = format!("plant-{count}-x");
        let name = property.name;
        let line = format!("[kafka]\n\"{name}\" = [\"{secret}\"]\n");
        PlantedSecrets::new(&line)
            .hides(&secret)
            .refused_by(&[&["config"]], &format!("kafka.{name} = `(redacted)` (copydesk.toml:2)"));
        let planted =
            PlantedSecrets::new("").env(&variable(name), &format!("{secret}\0").replace('\0', "\u{1}")).hides(&secret);
        let (_, said) = planted.run(&["config"]);
        assert!(said.contains(name), "{said}");
        if property.form == Form::Call {
            planted.refused_by(&[&["config"]], &format!("kafka.{name} = `(redacted)`"));
        }
    }
    assert!(count >= 9, "{count} secret properties");
}

/// A secret under a name that does not exist, or in the place of another value.
#[test]
fn secrets_under_wrong_names_are_not_shown() {
    for (name, said) in [
        ("COPYDESK__KAFKA__SASL_PASWORD", "did you mean `COPYDESK__KAFKA__SASL_PASSWORD`?"),
        ("COPYDESK__KAFKA__SASL_JAAS_CONFIG", "`sasl.username` and `sasl.password`"),
        ("COPYDESK__KAFKA__SSL_TRUSTSTORE_PASSWORD", "`ssl.ca.location`"),
        ("COPYDESK__KAFKA__SSL_KEYSTORE_KEY", "`ssl.key.pem`"),
        ("COPYDESK__KAFKA__PROXY_PASSWORD", "kafka.proxy.password"),
        ("COPYDESK__KAFKA__WHATEVER", "kafka.whatever"),
        ("COPYDESK__KAFKA__PASSWORD", "kafka.password"),
        ("COPYDESK__KAFKA__LINGER_MS", "kafka.linger.ms = `(redacted)`"),
        ("COPYDESK__KAFKA__SASL_MECHANISM", "kafka.sasl.mechanism = `(redacted)`"),
        ("COPYDESK__KAFKA__SECURITY_PROTOCOL", "kafka.security.protocol = `(redacted)`"),
        ("COPYDESK__KAFKA__ENABLE_IDEMPOTENCE", "kafka.enable.idempotence = `(redacted)`"),
        ("COPYDESK__KAFKA__SASL_OAUTHBEARER_CLIENT_SECRET", "not supported in this build"),
        ("COPYDESK__KAFKA__SASL_PASSWORD_FILE", "COPYDESK__KAFKA__SASL_PASSWORD_FILE"),
        ("COPYDESK__SASL__PASSWORD", "unknown key sasl.password"),
        ("COPYDESK__STREAM__PASSWORD", "unknown key stream.password"),
    ] {
        let planted = PlantedSecrets::new("").env(name, "plant-swordfish=\"1\"").hides("swordfish");
        planted.refused_by(&COMMANDS, said);
        planted.refused_by(&[&["config"]], name);
    }
    let pem = "-----BEGIN PRIVATE KEY-----\nMIIplantswordfish\n-----END PRIVATE KEY-----";
    for name in ["SSL_KEY_LOCATION", "SSL_CERTIFICATE_LOCATION", "SSL_CA_LOCATION", "SSL_KEYSTORE_LOCATION"] {
        let name = format!("COPYDESK__KAFKA__{name}");
        let planted = PlantedSecrets::new("").env(&name, pem).hides("swordfish");
        planted.refused_by(&COMMANDS, "expected the path of a file");
    }
}

#[test]
fn secrets_in_other_places_are_not_shown() {
    let jwt = "eyJhbGciOiJub25lIn0.eyJzd29yZGZpc2giOjF9.swordfish";
    PlantedSecrets::new("")
        .env("COPYDESK__OAUTH__TOKEN_FILE", jwt)
        .hides(jwt)
        .refused_by(&COMMANDS, "oauth.token-file");
    let with_user = "SASL_SSL://desk:swordfish@a:9092";
    let planted = PlantedSecrets::new("").env("COPYDESK__STREAM__BROKERS", with_user).hides("swordfish");
    planted.refused_by(&COMMANDS, "stream.brokers = `(redacted)@a:9092`");
    let planted = PlantedSecrets::new("").flag("--brokers", with_user).hides("swordfish");
    planted.refused_by(&COMMANDS[..4], "stream.brokers = `(redacted)@a:9092` (flag --brokers)");
    let planted =
        PlantedSecrets::new("[traces]\nendpoint = \"https://desk:swordfish@collector:4318\"\n").hides("swordfish");
    planted.refused_by(&COMMANDS, "traces.endpoint");
    // On the command line, where nothing takes them.
    for argument in ["sasl.password=swordfish", "--sasl.password=swordfish", "--brokers=kafka://desk:swordfish@a"] {
        let planted = PlantedSecrets::new("").hides("swordfish");
        let (code, _) = planted.run(&["check", "--offline", argument]);
        assert_eq!(code, 64, "{argument}");
    }
}

/// A file that is no TOML is told by line and key, and never quoted.
#[test]
fn a_line_that_is_no_toml_is_not_shown() {
    for (file, said) in [
        ("[kafka]\n\"sasl.password\" = swordfish\n", "line 2, key `sasl.password`"),
        ("[kafka]\nsasl.password = swordfish\n", "line 2, key `sasl.password`"),
        ("[kafka]\nsasl.pasword = swordfish!\n", "line 2, key `sasl.pasword`"),
        ("[kafka]\n\"sasl.password\" = \"swordfish\n", "line 2, key `sasl.password`"),
        ("[kafka]\nsasl.password: swordfish\n", "line 2"),
        ("[kafka]\nsasl.password swordfish\n", "line 2"),
        ("swordfish\n", "line 1"),
        ("[kafka]\nssl.key.pem = \"\"\"\nMIIswordfish==\n\"\"\" swordfish\n", "line 4"),
        ("[kafka]\n\"sasl.password\" = \"a\"\n\"sasl.password\" = \"swordfish\"\n", "line 3, key `sasl.password`"),
        ("[kafka]\n\"sasl.password\" = \"sword\\qfish swordfish\"\n", "line 2"),
        ("[swordfish\n", "line 1"),
    ] {
        PlantedSecrets::new(file).hides("swordfish").refused_by(&COMMANDS[..3], said);
    }
}

/// A device without an end, a file of gigabytes, a folder, a pipe: told at once, and by whom they were named.
#[test]
fn files_that_are_none_are_refused_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let place = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    fs::File::create(place("large")).unwrap().set_len(8 << 30).unwrap();
    fs::create_dir(place("folder")).unwrap();
    assert!(Command::new("mkfifo").arg(place("pipe")).status().unwrap().success());
    for path in ["/dev/zero", "/dev/urandom", &place("large"), &place("folder"), &place("pipe")] {
        bounded(&["--config", path], None, "can't read ");
        let variable = "COPYDESK__KAFKA__SASL_PASSWORD_FILE";
        bounded(&[], Some((variable, path)), variable);
        bounded(&[], Some(("COPYDESK__OAUTH__TOKEN_FILE", path)), "oauth.token-file");
    }
}

/// `config` ends with 64 at once, in 512 MB of address space.
fn bounded(arguments: &[&str], variable: Option<(&str, &str)>, said: &str) {
    let planted = PlantedSecrets::new("");
    let binary = env!("CARGO_BIN_EXE_copydesk");
    let mut limited = Command::new("sh");
    limited.args(["-c", "ulimit -v 524288; exec timeout 10 \"$@\"", "sh", binary, "config"]).args(arguments);
    limited.current_dir(planted.folder.path()).stdin(Stdio::null()).envs(variable);
    let start = Instant::now();
    let output = limited.output().unwrap();
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(64), "{arguments:?} {variable:?}: {errors}");
    assert!(errors.contains(said) && errors.len() < 2000, "{arguments:?} {variable:?}: {errors}");
    assert!(start.elapsed() < Duration::from_secs(5), "{arguments:?} {variable:?} took {:?}", start.elapsed());
}

/// A pipe that somebody does write to is a file like any other: `copydesk --config <(…)`.
#[test]
fn a_pipe_with_a_writer_is_read() {
    let planted = PlantedSecrets::new("");
    let script = format!(
        "{} config --config <(sleep 0.3; echo '[stream]'; echo 'group = \"piped\"')",
        env!("CARGO_BIN_EXE_copydesk")
    );
    let output = Command::new("bash").args(["-c", &script]).current_dir(planted.folder.path()).output().unwrap();
    let shown = String::from_utf8_lossy(&output.stdout);
    assert!(shown.contains("group = \"piped\""), "{shown}{}", String::from_utf8_lossy(&output.stderr));
    assert!(Path::new("/dev/null").exists());
    let output = planted.command(&["config", "--config", "/dev/null"]).output().unwrap();
    assert_eq!(output.status.code(), Some(0));
}
