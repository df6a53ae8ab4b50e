//! A broker with encryption and authentication on: TLS with good and bad certificates, of clients as well, SASL PLAIN and
//! SCRAM (OAUTHBEARER: [`crate::tokens`]), and ACLs that are revoked while a worker runs. Certificates are made by the JDK's
//! keytool, which is where Kafka's Java is.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::cluster::{Cluster, Names};
use crate::kafka_script::{ACLS, CONFIGS};
use crate::run::Run;
use crate::scenario::Fault::Do;
use crate::scenario::{Kind, Scenario};
use crate::tokens;
use crate::worker::binary;

/// Listeners of the secure broker, in the order of their ports.
pub const LISTENERS: [(&str, &str); 6] = [
    ("GOOD", "SSL"),
    ("EXPIRED", "SSL"),
    ("ELSEWHERE", "SSL"),
    ("LOGIN", "SASL_SSL"),
    ("MUTUAL", "SSL"),
    ("TOKEN", "SASL_SSL"),
];
const PASSWORD: &str = "only-for-tests";
/// Whom the client's certificate and the token name.
pub const CLIENT: &str = "desk";

/// Every scenario on the secure broker.
pub fn all() -> Vec<Scenario> {
    let new = |name, number, faults| Scenario::new(name, number, faults).on(Kind::Secure);
    vec![
        new("tls", 22, vec![]).prepare(tls).before(bad_certificates),
        new("sasl-plain", 23, vec![]).prepare(|run| login(run, "PLAIN", "plain")).before(wrong_password),
        new("sasl-scram", 23, vec![]).prepare(|run| login(run, "SCRAM-SHA-512", "scram")),
        new(
            "acl-revoked-while-running",
            23,
            vec![(2.0, Do("revoked", revoke_output)), (11.0, Do("granted", grant_output))],
        )
        .prepare(|run| login(run, "SCRAM-SHA-512", "scram"))
        .feed(4800, 400),
        new("dead-letter-topic-denied", 16, vec![(2.0, Do("revoked", revoke_dead)), (11.0, Do("granted", grant_dead))])
            .prepare(|run| login(run, "SCRAM-SHA-512", "scram"))
            .feed(4800, 400),
        new("tls-client-certificates", 22, vec![]).prepare(mutual).before(bad_client_certificates),
    ]
}

/// Starts the broker, with its certificates, users and an authoriser.
pub fn start(folder: &Path) -> Cluster {
    let folder = folder.join("certificates");
    certificates(&folder);
    let store = |name: &str| format!("{}/{name}.p12", folder.display());
    let mut extra = String::from(
        "authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer\nsuper.users=User:ANONYMOUS\n",
    );
    for (listener, _) in LISTENERS {
        let name = listener.to_lowercase();
        let certificate = if matches!(listener, "EXPIRED" | "ELSEWHERE") { &name } else { "good" };
        extra += &format!("listener.name.{name}.ssl.keystore.location={}\n", store(certificate));
        extra += &format!(
            "listener.name.{name}.ssl.keystore.type=PKCS12\nlistener.name.{name}.ssl.keystore.password={PASSWORD}\n"
        );
    }
    // Who comes by TLS alone has no name; a superuser here, because the certificates are what is tested.
    extra += "listener.name.login.sasl.enabled.mechanisms=PLAIN,SCRAM-SHA-512\n";
    extra +=
        "listener.name.login.plain.sasl.jaas.config=org.apache.kafka.common.security.plain.PlainLoginModule required ";
    extra += &format!("user_plain=\"{PASSWORD}\";\n");
    extra += "listener.name.login.scram-sha-512.sasl.jaas.config=org.apache.kafka.common.security.scram.ScramLoginModule required;\n";
    extra += "listener.name.mutual.ssl.client.auth=required\nlistener.name.mutual.ssl.truststore.type=PKCS12\n";
    extra += &format!("listener.name.mutual.ssl.truststore.location={}\n", store("trust"));
    extra += &format!("listener.name.mutual.ssl.truststore.password={PASSWORD}\n");
    extra += &tokens::listener();
    let cluster = Cluster::start_with(folder.parent().expect("a folder"), 1, "kafka-secure", &extra, &LISTENERS);
    let user = ["--alter", "--entity-type", "users", "--entity-name", "scram", "--add-config"];
    let secret = format!("SCRAM-SHA-512=[iterations=4096,password={PASSWORD}]");
    cluster.tool(CONFIGS, &[&user[..], &[&secret]].concat());
    cluster
}

/// A CA and another CA; server certificates: a good one, one that has expired, one for another host; client certificates: one
/// that the broker knows, and a stranger's.
fn certificates(folder: &Path) {
    let _ = std::fs::remove_dir_all(folder);
    std::fs::create_dir_all(folder).expect("a folder for certificates");
    let keytool = |arguments: &str| {
        let common = ["-storepass", PASSWORD, "-keypass", PASSWORD, "-storetype", "PKCS12"];
        let mut command = Command::new("keytool");
        command.args(arguments.split_whitespace()).args(common).current_dir(folder);
        let output = command.output().expect("keytool runs");
        assert!(output.status.success(), "keytool {arguments}: {}", String::from_utf8_lossy(&output.stdout));
    };
    let key = "-genkeypair -keyalg EC -groupname secp256r1 -validity 30";
    for ca in ["ca", "other-ca"] {
        keytool(&format!("{key} -alias ca -dname CN={ca} -ext bc:c -keystore {ca}.p12"));
        keytool(&format!("-exportcert -rfc -alias ca -keystore {ca}.p12 -file {ca}.pem"));
    }
    keytool("-importcert -noprompt -alias ca -keystore trust.p12 -file ca.pem");
    let here = "san=ip:127.0.0.1,dns:localhost";
    for (name, subject, ca, names, start, days) in [
        ("good", "server", "ca", here, "-1d", 20),
        ("expired", "server", "ca", here, "-10d", 5),
        ("elsewhere", "server", "ca", "san=dns:elsewhere.example", "-1d", 20),
        ("desk", CLIENT, "ca", "eku=clientAuth", "-1d", 20),
        ("stranger", CLIENT, "other-ca", "eku=clientAuth", "-1d", 20),
    ] {
        let store = format!("-keystore {name}.p12");
        keytool(&format!("{key} -alias own -dname CN={subject} {store}"));
        keytool(&format!("-certreq -alias own {store} -file {name}.csr"));
        let validity = format!("-startdate {start} -validity {days}");
        let files = format!("-infile {name}.csr -outfile {name}.pem");
        keytool(&format!("-gencert -rfc -alias ca -keystore {ca}.p12 {files} -ext {names} {validity}"));
        keytool(&format!("-importcert -noprompt -alias ca {store} -file {ca}.pem"));
        keytool(&format!("-importcert -noprompt -alias own {store} -file {name}.pem"));
    }
}

fn certificates_of(run: &Run) -> PathBuf {
    run.folder.parent().expect("the suite's folder").join("certificates")
}

/// A `copydesk.toml` with what the listener asks for.
pub fn configure(run: &Run, ca: &str, more: &str) -> PathBuf {
    configure_as(run, ca, ca, more)
}

pub fn configure_as(run: &Run, name: &str, ca: &str, more: &str) -> PathBuf {
    let path = run.folder.join(format!("copydesk-{name}.toml"));
    let ca = certificates_of(run).join(format!("{ca}.pem"));
    std::fs::write(&path, format!("[kafka]\n\"ssl.ca.location\" = \"{}\"\n{more}", ca.display())).expect("written");
    path
}

fn tls(run: &mut Run) -> Result<String, String> {
    let config = configure(run, "ca", "\"security.protocol\" = \"SSL\"\n");
    let names = run.names.clone();
    grant(run, "ANONYMOUS", &names)?;
    run.workers[0].config = Some(config);
    run.workers[0].brokers = Some(run.cluster.secure("GOOD"));
    Ok("certificates are made, the worker trusts their CA".to_owned())
}

fn login(run: &mut Run, mechanism: &str, user: &str) -> Result<String, String> {
    let more = format!(
        "\"security.protocol\" = \"SASL_SSL\"\n\"sasl.mechanism\" = \"{mechanism}\"\nsasl.username = \"{user}\"\n\"sasl.password\" = \"{PASSWORD}\"\n"
    );
    let config = configure(run, "ca", &more);
    let names = run.names.clone();
    grant(run, user, &names)?;
    run.workers[0].config = Some(config);
    run.workers[0].brokers = Some(run.cluster.secure("LOGIN"));
    Ok(format!("user `{user}` with {mechanism} and the permissions that the documentation names"))
}

fn acl(run: &Run, change: &str, user: &str, what: &[&str]) {
    let principal = format!("User:{user}");
    run.cluster.tool(ACLS, &[&[change, "--force", "--allow-principal", &principal], what].concat());
}

/// What `run` needs, and no more.
pub fn grant(run: &Run, user: &str, names: &Names) -> Result<(), String> {
    let prefix = format!("{}-", names.group);
    acl(
        run,
        "--add",
        user,
        &["--operation", "Read", "--operation", "Describe", "--operation", "DescribeConfigs", "--topic", &names.input],
    );
    let write = ["--operation", "Write", "--operation", "Describe", "--operation", "DescribeConfigs"];
    acl(run, "--add", user, &[&write[..], &["--topic", &names.output, "--topic", &names.dead]].concat());
    acl(run, "--add", user, &["--operation", "Read", "--group", &names.group]);
    acl(
        run,
        "--add",
        user,
        &[
            "--operation",
            "Write",
            "--operation",
            "Describe",
            "--transactional-id",
            &prefix,
            "--resource-pattern-type",
            "prefixed",
        ],
    );
    Ok(())
}

/// `copydesk check` against a listener: it must fail with 69, and say something of what is wrong.
pub fn refused(run: &Run, listener: &str, config: &Path, words: &[&str]) -> Result<String, String> {
    let mut command = Command::new(binary());
    command.arg("check").arg("--config").arg(config).args(["--brokers", &run.cluster.secure(listener)]);
    let output = command.stdin(Stdio::null()).output().map_err(|error| error.to_string())?;
    let said = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    if output.status.code() != Some(69) || !words.iter().any(|word| said.to_lowercase().contains(word)) {
        return Err(format!("{listener}: {:?} and none of {words:?} in: {said}", output.status.code()));
    }
    Ok(said.lines().find(|line| line.starts_with("FAIL")).unwrap_or_default().to_owned())
}

/// A broker says by an alert that it does not know the client; which alert is Java's business.
const ANOTHER: &[&str] = &["asks for another client certificate"];
/// librdkafka does not say which of the three it was.
const UNVERIFIED: &[&str] = &["certificate verify failed"];

fn bad_certificates(run: &mut Run) -> Result<String, String> {
    let ssl = "\"security.protocol\" = \"SSL\"\n";
    let (trusted, stranger) = (configure(run, "ca", ssl), configure(run, "other-ca", ssl));
    let expired = refused(run, "EXPIRED", &trusted, UNVERIFIED)?;
    let elsewhere = refused(run, "ELSEWHERE", &trusted, UNVERIFIED)?;
    let unknown = refused(run, "GOOD", &stranger, UNVERIFIED)?;
    Ok(format!("expired: {expired}; wrong host: {elsewhere}; unknown CA: {unknown}"))
}

fn wrong_password(run: &mut Run) -> Result<String, String> {
    let more = "\"security.protocol\" = \"SASL_SSL\"\n\"sasl.mechanism\" = \"SCRAM-SHA-512\"\nsasl.username = \"scram\"\n\"sasl.password\" = \"wrong\"\n";
    let path = configure_as(run, "wrong", "ca", more);
    refused(run, "LOGIN", &path, &["authentication"])
}

fn mutual(run: &mut Run) -> Result<String, String> {
    let config = configure(run, "ca", &own_certificate(run, CLIENT));
    let names = run.names.clone();
    grant(run, &format!("CN={CLIENT}"), &names)?;
    run.workers[0].config = Some(config);
    run.workers[0].brokers = Some(run.cluster.secure("MUTUAL"));
    Ok(format!("the worker has a certificate for `{CLIENT}`, and the permissions of that name"))
}

fn own_certificate(run: &Run, name: &str) -> String {
    let store = certificates_of(run).join(format!("{name}.p12"));
    format!(
        "\"security.protocol\" = \"SSL\"\n\"ssl.keystore.location\" = \"{}\"\n\"ssl.keystore.password\" = \"{PASSWORD}\"\n",
        store.display()
    )
}

fn bad_client_certificates(run: &mut Run) -> Result<String, String> {
    let none = configure_as(run, "none", "ca", "\"security.protocol\" = \"SSL\"\n");
    let none = refused(run, "MUTUAL", &none, ANOTHER)?;
    let stranger = configure_as(run, "stranger", "ca", &own_certificate(run, "stranger"));
    let stranger = refused(run, "MUTUAL", &stranger, ANOTHER)?;
    Ok(format!("no certificate: {none}; one of another CA: {stranger}"))
}

fn revoke_output(run: &mut Run) -> Result<String, String> {
    let topic = run.names.output.clone();
    revoke(run, &topic)
}

fn grant_output(run: &mut Run) -> Result<String, String> {
    let topic = run.names.output.clone();
    grant_again(run, &topic)
}

fn revoke_dead(run: &mut Run) -> Result<String, String> {
    let topic = run.names.dead.clone();
    revoke(run, &topic)
}

fn grant_dead(run: &mut Run) -> Result<String, String> {
    let topic = run.names.dead.clone();
    grant_again(run, &topic)
}

fn revoke(run: &mut Run, topic: &str) -> Result<String, String> {
    acl(run, "--remove", "scram", &["--operation", "Write", "--topic", topic]);
    let end = Instant::now() + Duration::from_secs(20);
    loop {
        if let Some((503, body)) = run.workers[0].get("/readyz")
            && body.contains(topic)
            && body.contains("uthoriz")
        {
            return Ok(format!("/readyz says {}", body.trim().replace('\n', "; ")));
        }
        if Instant::now() > end {
            return Err(format!("/readyz does not say that `{topic}` is denied: {:?}", run.workers[0].get("/readyz")));
        }
        std::thread::sleep(Duration::from_millis(200));
    }
}

fn grant_again(run: &mut Run, topic: &str) -> Result<String, String> {
    acl(run, "--add", "scram", &["--operation", "Write", "--topic", topic]);
    Ok(format!("`{topic}` may be written again"))
}
