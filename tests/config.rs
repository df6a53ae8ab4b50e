//! Configuration without an environment: precedence, errors with key, value and origin, the reference.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that can't go on fails, helpers included")]

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use copydesk::config::{Delivery, Flag, Inputs, Loaded, Oauth, TokenSource, effective, json_schema, load, reference};

/// Inputs with a `copydesk.toml` in a folder of their own.
struct Given {
    folder: tempfile::TempDir,
    inputs: Inputs,
}

fn given(file: &str) -> Given {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("copydesk.toml"), file).unwrap();
    let inputs = Inputs { folder: folder.path().to_owned(), host: "desk-7".to_owned(), cores: 3, ..Inputs::default() };
    Given { folder, inputs }
}

impl Given {
    fn env(mut self, name: &str, value: &str) -> Self {
        self.inputs.environment.insert(name.to_owned(), value.to_owned());
        self
    }

    fn flag(mut self, flag: &'static str, section: &'static str, key: &'static str, value: &str) -> Self {
        self.inputs.flags.push(Flag { flag, section, key, value: value.to_owned() });
        self
    }

    fn load(&self) -> Loaded {
        load(&self.inputs).unwrap_or_else(|problems| panic!("{problems}"))
    }

    /// The problems, one a line.
    fn problems(&self) -> String {
        match load(&self.inputs) {
            Ok(_) => panic!("was accepted"),
            Err(problems) => problems.0.iter().map(|problem| format!("{problem}\n")).collect(),
        }
    }
}

#[test]
fn with_nothing_set_everything_has_its_default() {
    let settings = given("").load().settings;
    assert_eq!(settings.stream.brokers, "localhost:9092");
    assert_eq!(settings.stream.input, "news.raw");
    assert_eq!(settings.stream.output, "news.clean");
    assert_eq!(settings.stream.dead_letters, "news.dead");
    assert_eq!(settings.stream.instance, "desk-7");
    assert_eq!(settings.stream.lanes, 3);
    assert_eq!(settings.stream.delivery, Delivery::ExactlyOnce);
    assert_eq!(settings.limits, copydesk_core::pipeline::Limits::default());
    assert_eq!(settings.admin, None);
    assert!(settings.stream.properties.is_empty());
    assert_eq!(settings.traces, None);
}

#[test]
fn traces_are_off_until_a_collector_is_named() {
    let traces = |file: &str| given(file).load().settings.traces.unwrap();
    let on = traces("[traces]\nendpoint = \"http://collector:4318\"\n");
    assert_eq!((on.endpoint.as_str(), on.service_name.as_str()), ("http://collector:4318/v1/traces", "copydesk"));
    assert!((on.sample_ratio - 1.0).abs() < f64::EPSILON);
    let on = traces("[traces]\nendpoint = \"http://c:80/otlp\"\nsample-ratio = 0.25\nservice-name = \"desk\"\n");
    assert_eq!((on.endpoint.as_str(), on.service_name.as_str()), ("http://c:80/otlp", "desk"));
    assert!((on.sample_ratio - 0.25).abs() < f64::EPSILON);
    let from_environment = given("[traces]\nendpoint = \"http://c/\"\n").env("COPYDESK__TRACES__SAMPLE_RATIO", "0");
    let on = from_environment.load().settings.traces.unwrap();
    assert!(on.endpoint == "http://c/v1/traces" && on.sample_ratio == 0.0);
    assert_eq!(given("[traces]\nendpoint = \"Off\"\nsample-ratio = 1\n").load().settings.traces, None);

    let problems = given("[traces]\nendpoint = \"https://collector:4318\"\nsample-ratio = 1.5\n").problems();
    assert!(
        problems.contains("traces.sample-ratio = `1.5` (copydesk.toml:3): expected a number from 0 to 1"),
        "{problems}"
    );
    for endpoint in ["https://collector:4318", "collector:4318", "http://", ""] {
        let problems = given(&format!("[traces]\nendpoint = \"{endpoint}\"\nservice-name = \" \"\n")).problems();
        assert!(
            problems.contains(&format!("traces.endpoint = `{endpoint}` (copydesk.toml:2): expected a URL")),
            "{problems}"
        );
        assert!(problems.contains("traces.service-name = `` (copydesk.toml:3): expected a name"), "{problems}");
    }
}

#[test]
fn a_flag_goes_before_the_environment_and_that_before_the_file() {
    let file = "[stream]\ninput = \"file\"\noutput = \"file.out\"\ngroup = \"file\"\n";
    let loaded = given(file)
        .env("COPYDESK__STREAM__INPUT", "environment")
        .env("COPYDESK__STREAM__OUTPUT", "environment.out")
        .flag("--input", "stream", "input", "flag")
        .load();
    assert_eq!(loaded.settings.stream.input, "flag");
    assert_eq!(loaded.settings.stream.output, "environment.out");
    assert_eq!(loaded.settings.stream.group, "file");
    let shown = effective(&loaded);
    assert!(shown.contains("input = \"flag\"              # flag --input\n"), "{shown}");
    assert!(shown.contains("# environment variable COPYDESK__STREAM__OUTPUT\n"), "{shown}");
    assert!(shown.contains("# copydesk.toml:4\n"), "{shown}");
    assert!(shown.contains("# default: the host name\n"), "{shown}");
}

#[test]
fn units_are_human_and_numbers_may_be_text() {
    let file = "[stream]\nlanes = 5\nbatch-bytes = \"2 MiB\"\ngrace = \"1m 30s\"\ndelivery = \"at-least-once\"\n\
                [limits]\npayload = 1_000\n[log]\nformat = \"json\"\n[admin]\nlisten = \"127.0.0.1:9600\"\n";
    let settings = given(file).env("COPYDESK__LIMITS__LINES", "77").load().settings;
    assert_eq!(settings.stream.lanes, 5);
    assert_eq!(settings.stream.batch_bytes, 2 << 20);
    assert_eq!(settings.stream.grace.as_secs(), 90);
    assert_eq!(settings.stream.delivery, Delivery::AtLeastOnce);
    assert_eq!((settings.limits.payload, settings.limits.lines), (1000, 77));
    assert!(settings.log.json);
    assert_eq!(settings.admin.map(|address| address.port()), Some(9600));
}

/// An instance named `0` must not become a number on the way.
#[test]
fn text_that_looks_like_a_number_stays_text() {
    let settings = given("").env("COPYDESK__STREAM__INSTANCE", "007").load().settings;
    assert_eq!(settings.stream.instance, "007");
}

#[test]
fn all_problems_are_reported_together_each_with_key_value_and_origin() {
    let file = "[stream]\nlanes = 0\ngrace = 30\n\n[limits]\noutput = \"much\"\n";
    let problems = given(file)
        .env("COPYDESK__LOG__FORMAT", "jsno")
        .env("COPYDESK__STREAM__INPUT", "raw news")
        .flag("--admin", "admin", "listen", "9600")
        .problems();
    for expected in [
        "stream.lanes = `0` (copydesk.toml:2): expected a whole number from 1 to 1024",
        "stream.grace = `30` (copydesk.toml:3): expected a duration with its unit",
        "limits.output = `much` (copydesk.toml:6): expected a size",
        "log.format = `jsno` (environment variable COPYDESK__LOG__FORMAT): did you mean `json`?",
        "stream.input = `raw news` (environment variable COPYDESK__STREAM__INPUT): a topic's name has only letters",
        "admin.listen = `9600` (flag --admin): expected an address and a port",
    ] {
        assert!(problems.contains(expected), "missing: {expected}\n{problems}");
    }
    assert_eq!(problems.lines().count(), 6, "{problems}");
}

#[test]
fn unknown_keys_are_refused_with_the_nearest_known_one() {
    let file = "brokers = \"a:1\"\n[stream]\nbatch_bytes = 3\nadmin = \"off\"\n[limit]\nlines = 3\n[log.file]\nx = 1\n";
    let problems = given(file)
        .env("COPYDESK__STREAM__DEAD_LETTER", "x")
        .env("COPYDESK__STREEM__INPUT", "x")
        .env("COPYDESK__INPUT", "x")
        .env("COPYDESK_STREAM_INPUT", "one underscore is somebody else's variable")
        .problems();
    for expected in [
        "unknown key brokers (copydesk.toml:1): `brokers` belongs under `[stream]`",
        "unknown key stream.batch_bytes (copydesk.toml:3): did you mean `batch-bytes`?",
        "unknown key stream.admin (copydesk.toml:4): the keys of `[stream]` are `brokers`, `input`",
        "unknown key limit.lines (copydesk.toml:6): did you mean the section `[limits]`?",
        "unknown key log.file (copydesk.toml:7): did you mean `filter`?",
        "(environment variable COPYDESK__STREAM__DEAD_LETTER): did you mean `COPYDESK__STREAM__DEAD_LETTERS`?",
        "(environment variable COPYDESK__STREEM__INPUT): did you mean the section `COPYDESK__STREAM__…`?",
        "(environment variable COPYDESK__INPUT): did you mean `COPYDESK__STREAM__INPUT`?",
    ] {
        assert!(problems.contains(expected), "missing: {expected}\n{problems}");
    }
    assert_eq!(problems.lines().count(), 8, "{problems}");
}

#[test]
fn the_three_topics_must_differ() {
    let problems = given("[stream]\noutput = \"news.raw\"\n").problems();
    assert!(
        problems.contains("stream.output = `news.raw` (copydesk.toml:2): `stream.input` is the same topic"),
        "{problems}"
    );
}

#[test]
fn brokers_need_a_valid_host_and_port() {
    for good in ["a", "a:9092", "a:1,b:2", " a:1 , b:2 ", "[::1]:9092", "SASL_SSL://kafka:9093", "10.0.0.1"] {
        assert_eq!(given("").flag("--brokers", "stream", "brokers", good).load().settings.stream.brokers, good);
    }
    for bad in ["", ":9092", "a:", "a:0", "a:70000", "a:1,", "a:kafka", "$(BROKERS)", "a/b", "::1:9092"] {
        let problems = given("").flag("--brokers", "stream", "brokers", bad).problems();
        assert!(
            problems.starts_with(&format!("stream.brokers = `{bad}` (flag --brokers): expected host and port")),
            "{problems}"
        );
    }
}

/// The error has the right form, whatever the source of the list.
#[test]
fn other_separators_are_refused_with_the_right_form() {
    for list in ["a:9092 b:9092", "a:9092;b:9092", "kafka://a:9092,b", "a:9092,b:99999", "[a:9092, b:9092]"] {
        for (given, origin) in [
            (given("").flag("--brokers", "stream", "brokers", list), "flag --brokers"),
            (given("").env("COPYDESK__STREAM__BROKERS", list), "environment variable COPYDESK__STREAM__BROKERS"),
            (given(&format!("[stream]\nbrokers = \"{list}\"\n")), "copydesk.toml:2"),
        ] {
            let problems = given.problems();
            assert!(problems.starts_with(&format!("stream.brokers = `{list}` ({origin}): ")), "{problems}");
            assert!(problems.contains("write `a:9092,b:9092`"), "{problems}");
        }
    }
}

/// librdkafka ignores brokers whose protocol differs from its own, which is `plaintext` by default.
#[test]
fn the_protocol_of_the_brokers_becomes_the_security_protocol() {
    let ssl = given("").flag("--brokers", "stream", "brokers", "ssl://a:1,SSL://b:1");
    assert_eq!(ssl.load().settings.stream.properties["security.protocol"], "SSL");
    let both = given("[kafka]\nsecurity.protocol = \"SASL_SSL\"\n").flag("--brokers", "stream", "brokers", "SSL://a:1");
    let problems = both.problems();
    assert!(problems.contains("`SSL://` contradicts `security.protocol`, which is `SASL_SSL`"), "{problems}");
}

#[test]
fn properties_are_checked_against_librdkafkas_list() {
    let file = "[kafka]\n\"fetch.min.bytes\" = \"lots\"\n\"linger.ms\" = 1000000\n\"socket.keepalive.enable\" = \"yes\"\n\
                \"sasl.mechanism\" = \"SCRAM-512\"\n\"security.protocol\" = \"TLS\"\n\"compression.type\" = \"zst\"\n\
                \"fetch.min.byte\" = 1\n\"ssl.truststore.location\" = \"/ca.jks\"\nbrokers = \"a:1\"\n";
    let problems = given(file)
        .env("COPYDESK__KAFKA__QUEUED_MIN_MESSAGES", "0")
        .env("COPYDESK__KAFKA__SASL_PASWORD", "hunter2")
        .env("COPYDESK__KAFKA__LOG_LEVEL", "8")
        .problems();
    for expected in [
        "kafka.fetch.min.bytes = `(redacted)` (copydesk.toml:2): expected a whole number from 1 to 100000000",
        "kafka.linger.ms = `1000000` (copydesk.toml:3): expected a number from 0 to 900000",
        "kafka.socket.keepalive.enable = `yes` (copydesk.toml:4): expected `true` or `false`",
        "kafka.sasl.mechanism = `SCRAM-512` (copydesk.toml:5): did you mean `SCRAM-SHA-512`?",
        "kafka.security.protocol = `TLS` (copydesk.toml:6): did you mean `ssl`?",
        "kafka.compression.type = `zst` (copydesk.toml:7): did you mean `zstd`?",
        "unknown key kafka.fetch.min.byte (copydesk.toml:8): did you mean `fetch.min.bytes`?",
        "unknown key kafka.ssl.truststore.location (copydesk.toml:9): librdkafka has no such property; librdkafka has `ssl.ca.location`",
        "unknown key kafka.brokers (copydesk.toml:10): `brokers` belongs under `[stream]`",
        "kafka.queued.min.messages = `0` (environment variable COPYDESK__KAFKA__QUEUED_MIN_MESSAGES): expected a whole number from 1",
        "unknown key kafka.sasl.pasword (environment variable COPYDESK__KAFKA__SASL_PASWORD): did you mean \
         `COPYDESK__KAFKA__SASL_PASSWORD`?",
        "kafka.log_level = `8` (environment variable COPYDESK__KAFKA__LOG_LEVEL): expected a whole number from 0 to 7",
    ] {
        assert!(problems.contains(expected), "missing: {expected}\n{problems}");
    }
    assert_eq!(problems.lines().count(), 12, "{problems}");
    assert!(!problems.contains("hunter2"), "{problems}");
}

#[test]
fn librdkafka_properties_pass_through_however_they_are_spelled() {
    let file = "[kafka]\nsecurity.protocol = \"SSL\"\n\"ssl.ca.location\" = \"/ca.pem\"\n\
                socket.keepalive.enable = true\n[kafka.fetch.min]\nbytes = 1000\n";
    let properties = given(file)
        .env("COPYDESK__KAFKA__SASL_USERNAME", "desk")
        .env("COPYDESK__KAFKA__SSL__CA__LOCATION", "/other.pem")
        .load()
        .settings
        .stream
        .properties;
    let expected = BTreeMap::from(
        [
            ("security.protocol", "SSL"),
            ("ssl.ca.location", "/other.pem"),
            ("socket.keepalive.enable", "true"),
            ("fetch.min.bytes", "1000"),
            ("sasl.username", "desk"),
        ]
        .map(|(key, value)| (key.to_owned(), value.to_owned())),
    );
    assert_eq!(properties, expected);
}

#[test]
fn properties_that_would_break_the_guarantee_are_refused() {
    let problems = given("[kafka]\nenable.auto.commit = true\nacks = 1\n\"isolation.level\" = \"read_uncommitted\"\n")
        .env("COPYDESK__KAFKA__TRANSACTIONAL_ID", "mine")
        .env("COPYDESK__KAFKA__BOOTSTRAP_SERVERS", "a:1")
        .problems();
    for expected in [
        "kafka.enable.auto.commit = `true` (copydesk.toml:2): ",
        "kafka.acks = `1` (copydesk.toml:3): ",
        "kafka.isolation.level = `read_uncommitted` (copydesk.toml:4): ",
        "kafka.transactional.id = `mine` (environment variable COPYDESK__KAFKA__TRANSACTIONAL_ID): ",
        "kafka.bootstrap.servers = `a:1` (environment variable COPYDESK__KAFKA__BOOTSTRAP_SERVERS): ",
    ] {
        assert!(problems.contains(expected), "missing: {expected}\n{problems}");
    }
    let lists = given("[kafka]\n\"client.rack\" = [\"a\", \"b\"]\n").problems();
    assert!(lists.contains("kafka.client.rack = `[ … ]` (copydesk.toml:2): expected text, a number"), "{lists}");
}

#[test]
fn secrets_come_from_files_and_are_never_shown() {
    let mut given = given("[kafka]\n\"ssl.key.password\" = \"hunter2\"\n");
    let secret = given.folder.path().join("secret");
    fs::write(&secret, "hunter2\n").unwrap();
    given = given.env("COPYDESK__KAFKA__SASL_PASSWORD_FILE", secret.to_str().unwrap());
    let loaded = given.load();
    assert_eq!(loaded.settings.stream.properties["sasl.password"], "hunter2");
    let shown = effective(&loaded) + &format!("{:?}", loaded.settings);
    assert!(!shown.contains("hunter2"), "{shown}");
    assert!(shown.contains("\"sasl.password\" = \"(redacted)\""), "{shown}");
    assert!(shown.contains("# environment variable COPYDESK__KAFKA__SASL_PASSWORD_FILE, file /"), "{shown}");

    let missing = given.env("COPYDESK__KAFKA__SSL_KEY_PASSWORD_FILE", "/no/such/file").problems();
    assert!(
        missing.starts_with("COPYDESK__KAFKA__SSL_KEY_PASSWORD_FILE is the path `/no/such/file`, which can't be read"),
        "{missing}"
    );
}

#[test]
fn a_wrong_secret_is_refused_without_being_shown() {
    let problems = given("[kafka]\n\"sasl.password\" = [\"hunter2\"]\n").problems();
    assert!(problems.starts_with("kafka.sasl.password = `(redacted)` (copydesk.toml:2): expected text"), "{problems}");
}

#[test]
fn a_variable_and_its_file_are_not_set_both() {
    let problems = given("")
        .env("COPYDESK__KAFKA__SASL_PASSWORD", "a")
        .env("COPYDESK__KAFKA__SASL_PASSWORD_FILE", "/b")
        .problems();
    assert!(
        problems.starts_with("both COPYDESK__KAFKA__SASL_PASSWORD and COPYDESK__KAFKA__SASL_PASSWORD_FILE"),
        "{problems}"
    );
}

/// In librdkafka's properties that end in `.file` the path is the value itself.
#[test]
fn a_property_that_is_a_path_stays_one() {
    let properties = given("")
        .env("COPYDESK__KAFKA__SASL_OAUTHBEARER_ASSERTION_FILE", "/run/assertion")
        .load()
        .settings
        .stream
        .properties;
    assert_eq!(properties["sasl.oauthbearer.assertion.file"], "/run/assertion");
}

#[test]
fn a_file_that_is_no_toml_or_not_there_is_said_so() {
    let broken = given("[stream]\ninput = news.raw\n").problems();
    assert!(broken.starts_with("copydesk.toml is not TOML: "), "{broken}");
    assert!(broken.contains("line 2"), "{broken}");
    let mut elsewhere = given("");
    elsewhere.inputs.file = Some(PathBuf::from("other.toml"));
    let missing = elsewhere.problems();
    assert!(missing.starts_with("can't read other.toml (flag --config): "), "{missing}");
}

/// What `config` prints is a configuration: it reads back as the same settings.
#[test]
fn the_effective_configuration_reads_back() {
    let file =
        "[stream]\ngroup = 'a \"quoted\" group'\nlanes = 2\n[kafka]\nlinger.ms = 5\n\"client.rack\" = \"b\\\\c\"\n";
    let first = given(file).load();
    let second = given(&effective(&first)).load();
    assert_eq!(format!("{:?}", first.settings), format!("{:?}", second.settings));
    assert_eq!(second.settings.stream.group, "a \"quoted\" group");
}

#[test]
fn the_reference_in_the_repository_is_the_generated_one() {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("copydesk.toml");
    let committed = fs::read_to_string(&path).unwrap();
    assert_eq!(committed, reference(), "copydesk.toml has drifted: `copydesk config --reference > copydesk.toml`");
}

/// The reference as it is changes nothing; with its comment signs taken off it is a whole configuration of defaults.
#[test]
fn the_reference_is_valid_with_and_without_its_comment_signs() {
    let untouched = given(&reference()).load();
    assert!(untouched.origins.is_empty());
    let bare: String = reference()
        .lines()
        .map(|line| match line.strip_prefix('#') {
            Some(key) if !key.starts_with(' ') && !key.is_empty() => format!("{key}\n"),
            _ => format!("{line}\n"),
        })
        .collect();
    let mut everything = given(&bare).load().settings;
    assert!(everything.stream.properties.contains_key("sasl.mechanism"));
    everything.stream.properties.clear();
    let mut defaults = given("");
    defaults.inputs.host = "desk-0".to_owned();
    defaults.inputs.cores = 4;
    assert_eq!(format!("{everything:?}"), format!("{:?}", defaults.load().settings));
}

/// The schema takes what the program takes, and refuses unknown keys as it does.
#[test]
fn the_json_schema_agrees_with_the_program() {
    let validator = jsonschema::validator_for(&json_schema()).unwrap();
    for (file, right) in [
        ("[stream]\nlanes = 2\nbatch-bytes = \"3 MB\"\ngrace = \"30s\"\n[kafka]\n\"a.b\" = true\n", true),
        ("[stream]\nlanes = \"2\"\nbatch-bytes = 3\n", true),
        ("[stream]\nbrokres = \"a\"\n", false),
        ("[stream]\ndelivery = \"twice\"\n", false),
        ("[limits]\npayload = \"much\"\n", false),
    ] {
        let value: serde_json::Value = toml::from_str(file).unwrap();
        assert_eq!(validator.is_valid(&value), right, "{file}");
    }
}

#[test]
fn a_token_comes_from_a_file_or_from_a_command() {
    let oauth = |given: Given| given.load().settings.stream;
    assert_eq!(oauth(given("")).oauth, None);

    let from_file = oauth(given("[oauth]\ntoken-file = \"/run/token\"\n"));
    let expected =
        Oauth { source: TokenSource::File(PathBuf::from("/run/token")), lifetime: std::time::Duration::from_secs(300) };
    assert_eq!(from_file.oauth, Some(expected));
    assert_eq!(from_file.properties["sasl.mechanism"], "OAUTHBEARER");
    assert_eq!(from_file.properties["security.protocol"], "SASL_SSL", "never in clear text by default");

    // The path itself is the value, although the variable ends in _FILE.
    let from_environment = oauth(given("").env("COPYDESK__OAUTH__TOKEN_FILE", "/no/such/file"));
    assert!(matches!(from_environment.oauth, Some(Oauth { source: TokenSource::File(path), .. })
        if path == *"/no/such/file"));

    let command = |words: &[&str]| {
        let words: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
        Some(TokenSource::Command(words[0].clone(), words[1..].to_vec()))
    };
    let file = "[oauth]\ntoken-command = [\"get token\", \"-a\"]\ntoken-lifetime = \"1m\"\n\
                [kafka]\nsasl.mechanisms = \"oauthbearer\"\nsecurity.protocol = \"sasl_plaintext\"\n";
    let from_command = oauth(given(file));
    let found = from_command.oauth.unwrap();
    assert_eq!((Some(found.source), found.lifetime.as_secs()), (command(&["get token", "-a"]), 60));
    assert_eq!(from_command.properties["security.protocol"], "sasl_plaintext");
    assert!(!from_command.properties.contains_key("sasl.mechanism"), "it has another name there");
    let as_text = oauth(given("").env("COPYDESK__OAUTH__TOKEN_COMMAND", " gettoken  -a kafka "));
    assert_eq!(as_text.oauth.map(|oauth| oauth.source), command(&["gettoken", "-a", "kafka"]));

    let loaded = given(file).load();
    let again = given(&effective(&loaded)).load();
    assert_eq!(format!("{:?}", loaded.settings), format!("{:?}", again.settings));
}

#[test]
fn a_token_and_the_mechanism_that_sends_it_need_each_other() {
    let file = "[oauth]\ntoken-file = \"/t\"\ntoken-command = \"get token\"\ntoken-lifetime = \"0s\"\n[kafka]\n\
                sasl.mechanism = \"PLAIN\"\nsecurity.protocol = \"SSL\"\nenable.sasl.oauthbearer.unsecure.jwt = true\n";
    let problems = given(file).problems();
    for expected in [
        "oauth.token-command = `get token` (copydesk.toml:3): `oauth.token-file` is set as well: leave out one of them",
        "oauth.token-lifetime = `0s` (copydesk.toml:4): expected a duration above 0",
        "kafka.sasl.mechanism = `PLAIN` (copydesk.toml:6): `oauth.token-command` is set, which requires `OAUTHBEARER`",
        "kafka.security.protocol = `SSL` (copydesk.toml:7): `oauth.token-command` is set, which requires `SASL_SSL`",
        "kafka.enable.sasl.oauthbearer.unsecure.jwt = `true` (copydesk.toml:8): `oauth.token-command` is set: leave out one",
    ] {
        assert!(problems.contains(expected), "missing: {expected}\n{problems}");
    }
    assert_eq!(problems.lines().count(), 5, "{problems}");

    let alone = given("[kafka]\nsasl.mechanism = \"OAUTHBEARER\"\n").problems();
    let expected =
        "kafka.sasl.mechanism = `OAUTHBEARER` (copydesk.toml:2): it needs a token: set `oauth.token-file` or";
    assert!(alone.starts_with(expected), "{alone}");
    let own = given("[kafka]\nsasl.mechanism = \"OAUTHBEARER\"\nenable.sasl.oauthbearer.unsecure.jwt = true\n");
    assert_eq!(own.load().settings.stream.oauth, None, "librdkafka makes its own, for tests");

    let unknown = given("[oauth]\ntoken-fiel = \"/t\"\ntoken-command = [1]\n").problems();
    assert!(unknown.contains("oauth.token-fiel (copydesk.toml:2): did you mean `token-file`?"), "{unknown}");
    assert!(unknown.contains("oauth.token-command = `[ … ]` (copydesk.toml:3): "), "{unknown}");
}

#[test]
fn the_admin_server_has_names_and_a_token() {
    let access = |given: Given| given.load().settings.access;
    let token = |given: Given| access(given).token.map(|token| token.reveal().to_owned());
    assert_eq!((access(given("")).hosts, token(given(""))), (Vec::<String>::new(), None));
    let names = ["desk.example.org", "proxy"];
    assert_eq!(access(given("[admin]\nhosts = [\"Desk.Example.ORG.\", \"proxy\"]\n")).hosts, names);
    assert_eq!(access(given("").env("COPYDESK__ADMIN__HOSTS", "desk.example.org, proxy")).hosts, names);
    assert_eq!(access(given("[admin]\nhosts = \"desk.example.org  proxy\"\n")).hosts, names);

    assert_eq!(token(given("[admin]\ntoken = \"hunter2\"\n")).as_deref(), Some("hunter2"));
    assert_eq!(token(given("").env("COPYDESK__ADMIN__TOKEN", "007")).as_deref(), Some("007"));
    let from_file = given("");
    let secret = from_file.folder.path().join("secret");
    fs::write(&secret, "hunter2\n").unwrap();
    let from_file = from_file.env("COPYDESK__ADMIN__TOKEN_FILE", secret.to_str().unwrap());
    let loaded = from_file.load();
    assert_eq!(loaded.settings.access.token.as_ref().map(|token| token.reveal()), Some("hunter2"));
    let shown = effective(&loaded) + &format!("{:?} {:?}", loaded.settings, loaded.raw);
    assert!(!shown.contains("hunter2"), "{shown}");
    assert!(
        shown.contains("token = \"(redacted)\"  # environment variable COPYDESK__ADMIN__TOKEN_FILE, file"),
        "{shown}"
    );
    // The path of a token of the brokers is still one.
    let oauth = given("").env("COPYDESK__OAUTH__TOKEN_FILE", "/no/such/file").load().settings.stream.oauth;
    assert!(oauth.is_some_and(|oauth| matches!(oauth.source, TokenSource::File(_))));
}

/// A server that was meant to have a token is never open because a variable or a file is empty.
#[test]
fn a_token_that_can_not_be_sent_or_is_empty_is_refused_and_never_shown() {
    for wrong in ["hunter 2", "hunter2\ttwo", "hünter2", "hunter2\nhunter3", "(redacted)"] {
        let problems = given("").env("COPYDESK__ADMIN__TOKEN", wrong).problems();
        assert!(problems.starts_with("admin.token = `(redacted)` (environment variable COPYDESK__ADMIN__TOKEN): "));
        assert!(!problems.contains("unter"), "{problems}");
    }
    for wrong in ["token = 17", "token = [\"hunter2\"]", "token = \"hunter 2\""] {
        let problems = given(&format!("[admin]\n{wrong}\n")).problems();
        assert!(problems.starts_with("admin.token = `(redacted)` (copydesk.toml:2): "), "{problems}");
        assert!(!problems.contains("17") && !problems.contains("hunter"), "{problems}");
    }
    let problems = given("").env("COPYDESK__ADMIN__TOKEN", "").problems();
    assert!(problems.contains("unset the variable"), "{problems}");
    let empty = given("");
    let path = empty.folder.path().join("empty");
    fs::write(&path, "\n").unwrap();
    let problems = empty.env("COPYDESK__ADMIN__TOKEN_FILE", path.to_str().unwrap()).problems();
    assert!(problems.contains("unset the variable"), "{problems}");
    assert_eq!(given("[admin]\ntoken = \"\"\n").load().settings.access.token, None);

    for wrong in ["http://desk", "desk:9600", "desk/status.json", "*.example.org", "a..b", "."] {
        let problems = given(&format!("[admin]\nhosts = [\"{wrong}\"]\n")).problems();
        assert!(
            problems.starts_with(&format!("admin.hosts = `{wrong}` (copydesk.toml:2): expected a host name")),
            "{problems}"
        );
    }
}
