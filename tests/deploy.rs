//! What stands in `deploy/`, `docker-compose.yml` and the runbook is what the program has: metrics and their labels,
//! configuration keys, exit codes, error codes, headers, commands, paths of the admin port. `scripts/validate` says whether
//! those files are well-formed; only these tests know whether they speak of this program.
//!
//! Update copies by `UPDATE_DOCS=1 cargo test --release --test deploy`.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that can't go on fails, helpers included")]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use clap::Parser;
use copydesk::cli::{Cli, exit};
use copydesk::telemetry::names;
use copydesk::worker::dead_letter;
use copydesk_core::record::Reject;
use serde_json::Value;

#[test]
fn metrics_and_their_labels_exist() {
    // Labels that Prometheus adds, and the one of buckets.
    let given = ["job", "instance", "namespace", "le"];
    let mut seen = BTreeSet::new();
    for (path, text) in files() {
        for (at, word) in words(&text, |letter| letter.is_ascii_alphanumeric() || letter == '_') {
            if !word.starts_with("copydesk_") {
                continue;
            }
            let base = ["_bucket", "_sum", "_count"].iter().find_map(|end| word.strip_suffix(end)).unwrap_or(word);
            let metric = names::ALL.iter().find(|metric| metric.name == base);
            let metric = metric.unwrap_or_else(|| panic!("{path}: there is no metric `{word}`"));
            seen.insert(metric.name);
            let Some(labels) = text[at + word.len()..].strip_prefix('{').and_then(|rest| rest.split_once('}')) else {
                continue;
            };
            // `{{series="…"}}` in JSON has its quotes escaped.
            for pair in labels.0.replace('\\', "").split("\",").flat_map(|pair| pair.split(", ")) {
                let (label, value) = pair.split_once('=').unwrap_or((pair, ""));
                let label = label.trim().trim_matches('`');
                let exists = metric.labels.contains(&label) || given.contains(&label);
                assert!(exists, "{path}: metric `{}` has no label `{label}`", metric.name);
                let value = value.trim_matches(['"', '~', '!']);
                let is_code = label == "code" && !value.is_empty();
                assert!(!is_code || Reject::CODES.contains(&value), "{path}: there is no error code `{value}`");
            }
        }
    }
    // A metric that nobody looks at is not worth its cost.
    let unseen: Vec<_> = names::ALL.iter().map(|metric| metric.name).filter(|name| !seen.contains(name)).collect();
    assert!(unseen.is_empty(), "on no dashboard and in no alert: {unseen:?}");
}

/// `COPYDESK__SECTION__KEY` and `section.key`, wherever they stand.
#[test]
fn configuration_keys_exist() {
    let schema = copydesk::config::json_schema();
    let keys = |section: &str| -> Option<BTreeSet<String>> {
        let reference = schema["properties"].get(section)?["$ref"].as_str()?.rsplit('/').next()?.to_owned();
        Some(schema["$defs"][&reference]["properties"].as_object()?.keys().cloned().collect())
    };
    let exists = |section: &str, key: &str| keys(section).is_some_and(|keys| keys.contains(key));
    let mut count = 0;
    for (path, text) in files() {
        for (_, word) in words(&text, |letter| letter.is_ascii_uppercase() || letter == '_') {
            let Some((section, key)) = word.strip_prefix("COPYDESK__").and_then(|rest| rest.split_once("__")) else {
                continue;
            };
            let (section, key) = (section.to_lowercase(), key.to_lowercase().replace('_', "-"));
            let known = section == "kafka" || exists(&section, &key) || exists(&section, key.trim_end_matches("-file"));
            assert!(known, "{path}: there is no key for `{word}`");
            count += 1;
        }
        for (_, word) in words(&text, |letter| letter.is_ascii_lowercase() || matches!(letter, '-' | '.')) {
            let word = word.trim_matches(['.', '-']);
            if let Some((section @ ("stream" | "limits" | "admin" | "log" | "traces" | "oauth"), key)) =
                word.split_once('.')
            {
                if key == "md" {
                    continue; // a document's name
                }
                assert!(exists(section, key), "{path}: there is no key `{word}`");
                count += 1;
            }
        }
    }
    assert!(count > 15, "only {count} keys found: is the search broken?");
}

#[test]
fn the_configuration_in_the_cluster_is_valid() {
    let output = Command::new(env!("CARGO_BIN_EXE_copydesk"))
        .args(["check", "--offline", "--config", "deploy/kubernetes/base/copydesk.toml"])
        .current_dir(root())
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

/// A stop that is cut short by what stops the process loses nothing, and costs readers the transaction's time-out.
#[test]
fn the_stop_timeouts_exceed_the_grace_period() {
    let grace = default("grace").trim_end_matches('s').parse::<u64>().unwrap();
    for (path, key) in [
        ("deploy/kubernetes/base/statefulset.yaml", "terminationGracePeriodSeconds: "),
        ("docker-compose.yml", "stop_grace_period: "),
        ("deploy/systemd/copydesk.service", "TimeoutStopSec="),
    ] {
        let text = read(path);
        let value = after(&text, key).unwrap_or_else(|| panic!("{path}: no {key}"));
        assert!(value.trim_end_matches('s').parse::<u64>().unwrap() >= grace + 5, "{path}: {key}{value}");
        assert!(text.contains(&format!("stream.grace ({grace} s)")), "{path} says another stream.grace than {grace} s");
    }
}

#[test]
fn exit_codes_exist() {
    let unit = read("deploy/systemd/copydesk.service");
    let wanted = format!("RestartPreventExitStatus={} {}", exit::USAGE, exit::FENCED);
    assert!(unit.lines().any(|line| line == wanted), "deploy/systemd/copydesk.service lacks: {wanted}");
    let mut count = 0;
    for (path, text) in files() {
        for (at, head) in text.match_indices("xit code ") {
            let digits: String = text[at + head.len()..].chars().take_while(char::is_ascii_digit).collect();
            if let Ok(code) = digits.parse::<u8>() {
                assert!(exit::ALL.iter().any(|(known, _)| *known == code), "{path}: there is no exit code {code}");
                count += 1;
            }
        }
    }
    assert!(count > 1, "no exit code found: is the search broken?");
}

#[test]
fn headers_exist() {
    let mut count = 0;
    for (path, text) in files() {
        for (_, word) in words(&text, |letter| letter.is_ascii_alphanumeric() || matches!(letter, '_' | '.')) {
            let word = word.trim_end_matches('.');
            let ends_like_a_file =
                [".toml", ".yaml", ".yml", ".json", ".service", ".deb"].iter().any(|end| word.ends_with(end));
            if word.starts_with("__connect.") || (word.starts_with("copydesk.") && !ends_like_a_file) {
                let exists =
                    dead_letter::HEADERS.contains(&word) || [dead_letter::REPLAYED, dead_letter::MARK].contains(&word);
                assert!(exists, "{path}: copydesk adds no header `{word}`");
                count += 1;
            }
        }
    }
    assert!(count > 0, "no header found: is the search broken?");
}

/// Codes in the runbook's table of what to do.
#[test]
fn error_codes_in_the_runbook_exist() {
    let runbook = read("docs/operate.md");
    let (_, section) = runbook.split_once("### CopydeskDeadLetters").unwrap();
    let section = section.split("\n### ").next().unwrap();
    let rows = section.lines().filter_map(|line| line.strip_prefix("| `")).filter(|row| !row.starts_with("copydesk"));
    let codes: Vec<&str> = rows
        .flat_map(|row| row.split('|').next().unwrap().split('`'))
        .filter(|part| part.contains(|letter: char| letter.is_ascii_lowercase()))
        .collect();
    assert!(codes.len() > 2, "no codes found: is the search broken?");
    for code in codes {
        assert!(Reject::CODES.contains(&code), "docs/operate.md: there is no error code `{code}`");
    }
}

/// Each alert has a section that tells what to do, a link to it, and a test that makes it fire.
#[test]
fn every_alert_has_its_runbook_and_its_test() {
    let (alerts, tests, runbook) =
        (read("deploy/prometheus/alerts.yml"), read("deploy/prometheus/alerts.test.yml"), read("docs/operate.md"));
    let named: Vec<&str> = alerts.lines().filter_map(|line| line.trim().strip_prefix("- alert: ")).collect();
    let told: Vec<&str> = runbook.lines().filter_map(|line| line.strip_prefix("### Copydesk")).collect();
    assert_eq!(
        named,
        told.iter().map(|rest| format!("Copydesk{rest}")).collect::<Vec<_>>(),
        "alerts, and runbook sections"
    );
    for name in named {
        let link =
            format!("runbook_url: \"{{{{ $externalLabels.docs_copydesk }}}}docs/operate.md#{}\"", name.to_lowercase());
        assert_eq!(alerts.matches(&link).count(), 1, "alerts.yml: {link}");
        assert!(
            tests.contains(&format!("alertname: {name}\n        exp_alerts:\n          - exp_labels")),
            "{name} never fires in a test"
        );
        assert!(tests.contains(&format!("alertname: {name}, exp_alerts: []")), "{name} is never silent in a test");
    }
}

/// The Prometheus operator has the rules in a resource; it holds the same text.
#[test]
fn the_prometheus_rule_holds_the_alerts() {
    let path = "deploy/kubernetes/components/monitoring/prometheusrule.yaml";
    let alerts = read("deploy/prometheus/alerts.yml");
    let (_, groups) = alerts.split_once("\ngroups:\n").unwrap();
    let mut expected = String::from(
        "# The rules of deploy/prometheus/alerts.yml, for the Prometheus operator. Written by\n\
         # `UPDATE_DOCS=1 cargo test --release --test deploy`: change them there.\n\
         apiVersion: monitoring.coreos.com/v1\nkind: PrometheusRule\nmetadata:\n  name: copydesk\nspec:\n  groups:\n",
    );
    for line in groups.lines() {
        expected += &if line.is_empty() { "\n".to_owned() } else { format!("  {line}\n") };
    }
    if std::env::var_os("UPDATE_DOCS").is_some() {
        fs::write(root().join(path), &expected).unwrap();
    }
    assert!(read(path) == expected, "{path} has drifted: UPDATE_DOCS=1 cargo test --release --test deploy");
}

#[test]
fn the_dashboard_asks_the_four_questions() {
    let dashboard: Value = serde_json::from_str(&read("deploy/grafana/copydesk.json")).unwrap();
    let panels = dashboard["panels"].as_array().unwrap();
    for question in ["Is it keeping up?", "Is it losing anything?", "Is it slow?", "What is it refusing?"] {
        let row = panels.iter().position(|panel| panel["type"] == "row" && panel["title"] == question);
        let row = row.unwrap_or_else(|| panic!("no row `{question}`"));
        assert!(panels.get(row + 1).is_some_and(|panel| panel["type"] != "row"), "the row `{question}` is empty");
    }
    // The table of panels has 24 columns; panels that overlap are moved by Grafana to where nobody looks.
    let place = |panel: &Value, side: &str| panel["gridPos"][side].as_u64().unwrap();
    for (number, panel) in panels.iter().enumerate() {
        assert!(place(panel, "x") + place(panel, "w") <= 24, "{} is too wide", panel["title"]);
        for other in panels.iter().skip(number + 1) {
            let apart = |at, size| {
                place(panel, at) + place(panel, size) <= place(other, at)
                    || place(other, at) + place(other, size) <= place(panel, at)
            };
            assert!(apart("x", "w") || apart("y", "h"), "{} and {} overlap", panel["title"], other["title"]);
        }
    }
}

#[test]
fn topics_group_and_user_are_the_defaults() {
    let topics = read("deploy/kubernetes/components/strimzi/topics.yaml");
    let named: Vec<&str> = topics.lines().filter_map(|line| line.strip_prefix("  name: ")).collect();
    let defaults = [default("input"), default("output"), default("dead-letters")];
    assert_eq!(named, defaults);
    let made = read("src/cli/topics.rs");
    for constant in ["OUTPUT_BYTES", "DEAD_BYTES"] {
        let bytes =
            after(&made, &format!("const {constant}: &str = \"")).unwrap().trim_end_matches([';', '"']).to_owned();
        assert!(topics.contains(&format!("max.message.bytes: {bytes}\n")), "topics.yaml lacks {constant}, {bytes}");
    }
    let user = read("deploy/kubernetes/components/strimzi/user.yaml");
    let granted: Vec<String> =
        user.lines().filter_map(|line| line.strip_prefix("          name: ")).map(str::to_owned).collect();
    let [input, output, dead] = defaults;
    assert_eq!(
        granted,
        [input.clone(), output.clone(), dead.clone(), default("group"), format!("{}-", default("group"))]
    );
    let asyncapi = read("deploy/asyncapi/copydesk.yaml");
    let addresses: Vec<&str> = asyncapi.lines().filter_map(|line| line.strip_prefix("    address: ")).collect();
    assert_eq!(addresses, [input, output, dead]);
    assert!(
        asyncapi.contains(&format!("\n  version: {}\n", env!("CARGO_PKG_VERSION"))),
        "deploy/asyncapi: another version"
    );
    let scaler = read("deploy/kubernetes/components/keda/scaledobject.yaml");
    assert_eq!(after(&scaler, "consumerGroup: "), Some(default("group").as_str()));
    assert_eq!(after(&scaler, " topic: "), Some(default("input").as_str()));
}

/// What probes and scrapers ask for, the admin server answers.
#[test]
fn paths_of_the_admin_port_exist() {
    let server = read("src/admin/mod.rs");
    let mut count = 0;
    for (path, text) in files().into_iter().filter(|(path, _)| path.starts_with("deploy/kubernetes/")) {
        for asked in text.lines().filter_map(|line| line.trim().strip_prefix("path: /")) {
            if asked.starts_with("spec/") {
                continue; // of a patch
            }
            assert!(server.contains(&format!(".route(\"/{asked}\"")), "{path}: the admin server has no `/{asked}`");
            count += 1;
        }
    }
    assert!(count >= 3, "no path found: is the search broken?");
}

#[test]
fn commands_are_taken() {
    let unit = read("deploy/systemd/copydesk.service");
    let mut lines = vec![after(&unit, "ExecStart=/usr/bin/copydesk ").unwrap().to_owned()];
    for path in ["docker-compose.yml", "deploy/kubernetes/base/statefulset.yaml"] {
        for line in read(path).lines() {
            let list = line.trim().strip_prefix("command: [").or_else(|| line.trim().strip_prefix("args: ["));
            lines.extend(list.map(|list| list.trim_end_matches(']').replace(['"', ','], "")));
        }
    }
    assert!(lines.len() >= 5, "only {lines:?}: is the search broken?");
    for line in lines {
        // A variable of compose's stands for its default.
        let line = line.replace("${COPYDESK_DEMO_RATE:-5}", "5");
        let taken = Cli::try_parse_from(["copydesk"].into_iter().chain(line.split_whitespace()));
        assert!(taken.is_ok(), "`copydesk {line}`: {}", taken.err().unwrap());
    }
}

/// What the Debian package takes along is there, but for what the build makes.
#[test]
fn packaged_files_exist() {
    let manifest = read("Cargo.toml");
    let (_, table) = manifest.split_once("[package.metadata.deb]").unwrap();
    let assets: Vec<&str> =
        table.lines().filter_map(|line| line.trim().strip_prefix("[\"")?.split('"').next()).collect();
    assert!(assets.len() > 3, "only {assets:?}: is the search broken?");
    for asset in assets {
        let folder = root().join(asset.split('*').next().unwrap());
        assert!(asset.starts_with("target/") || folder.exists(), "Cargo.toml: there is no `{asset}` to package");
    }
}

/// The image is built without what `.dockerignore` names, and cargo looks for a target's file where its path is not given.
#[test]
fn the_manifest_needs_nothing_that_the_image_lacks() {
    let ignored = read(".dockerignore");
    let manifest: toml::Table = read("Cargo.toml").parse().unwrap();
    let mut seen = 0;
    for (kind, folder) in [("test", "tests"), ("bench", "benches"), ("example", "examples")] {
        if !ignored.lines().any(|line| line == folder) {
            continue;
        }
        for target in manifest.get(kind).and_then(toml::Value::as_array).into_iter().flatten() {
            seen += 1;
            assert!(target.get("path").is_some(), "{kind} {} needs its path", target["name"]);
        }
    }
    assert!(seen > 2, "this test looks for nothing");
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// The default of a key under `[stream]`.
fn default(key: &str) -> String {
    copydesk::config::json_schema()["properties"]["stream"]["default"][key].as_str().unwrap().to_owned()
}

/// What stands after `key`, to the end of the line.
fn after<'a>(text: &'a str, key: &str) -> Option<&'a str> {
    Some(text.split_once(key)?.1.lines().next()?.trim())
}

/// Runs of letters of one kind, each with where it starts.
fn words(text: &str, belongs: impl Fn(char) -> bool) -> impl Iterator<Item = (usize, &str)> {
    text.split(move |letter| !belongs(letter))
        .filter(|word| !word.is_empty())
        .map(|word| (word.as_ptr() as usize - text.as_ptr() as usize, word))
}

/// Everything in `deploy/`, the compose file, the runbook and what lies beside it for readers.
fn files() -> Vec<(String, String)> {
    let mut paths =
        vec![root().join("docker-compose.yml"), root().join("docs/operate.md"), root().join("docs/consume.md")];
    let mut folders = vec![root().join("deploy")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() { folders.push(path) } else { paths.push(path) }
        }
    }
    paths.sort();
    paths.into_iter().map(|path| (relative(&path), fs::read_to_string(&path).unwrap())).collect()
}

fn relative(path: &Path) -> String {
    path.strip_prefix(root()).unwrap().to_str().unwrap().to_owned()
}
