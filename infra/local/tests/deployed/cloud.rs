//! An AWS emulator of this test alone, and the template in it. CloudFormation and S3 are spoken to by hand: their clients
//! would be the two largest dependencies of the whole house.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use local::emulator;
use local::layout::Layout;
use local::settings::{AWS_CREDENTIAL, Ports, REGION};
use reqwest::Method;
use tokio::process::{Child, Command};

/// The stage that is deployed.
pub(crate) const STAGE: &str = "check";
const STACK: &str = "zencall-check";
const BUCKET: &str = "artifacts";
/// The program of a function that is deployed and not called.
const NOTHING: &[u8] = b"#!/bin/sh\nexit 1\n";
/// What the template has no default for.
const PARAMETERS: [(&str, &str); 4] = [
    ("Stage", STAGE),
    ("AppUrl", "https://app.zencall.example"),
    ("AllowedOrigins", "https://app.zencall.example"),
    ("MailFrom", "Zencall <no-reply@zencall.example>"),
];

/// The emulator; it ends with this value.
pub(crate) struct Cloud {
    /// Waits longer than a function takes to start here.
    pub(crate) http: reqwest::Client,
    ports: Ports,
    layout: Layout,
    folder: PathBuf,
    _process: Child,
}

impl Cloud {
    /// Starts it on a free port, empty.
    pub(crate) async fn start() -> Self {
        let layout = Layout::find().unwrap();
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let emulator = listener.local_addr().unwrap().port();
        drop(listener);
        let folder = layout.run().join(format!("deployed-{emulator}"));
        std::fs::create_dir_all(&folder).unwrap();
        let log = std::fs::File::create(folder.join("log")).unwrap();
        let process = Command::new(layout.python())
            .args(["-m", "ministack"])
            .env("BIND_HOST", "127.0.0.1")
            .env("GATEWAY_PORT", emulator.to_string())
            .env("MINISTACK_REGION", REGION)
            .env("TMPDIR", &folder)
            // The functions in it get it too.
            .env("AWS_ENDPOINT_URL", format!("http://127.0.0.1:{emulator}"))
            .stdout(Stdio::null())
            .stderr(log)
            .kill_on_drop(true)
            .spawn()
            .expect("the emulator: `make test` installs it");
        let cloud = Self {
            http: local::client::plain(Duration::from_secs(60)).unwrap(),
            ports: Ports {
                emulator,
                ..Ports::default()
            },
            layout,
            folder,
            _process: process,
        };
        for _ in 0..300 {
            let health = format!("{}/_ministack/health", cloud.endpoint());
            if cloud.http.get(health).send().await.is_ok() {
                return cloud;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        panic!("the emulator does not start:\n{}", cloud.log());
    }

    /// Makes the stack out of the template as it is, but for where the code of the functions lies.
    pub(crate) async fn deploy(&self, running: &[&str]) {
        let here = format!(
            "<CreateBucketConfiguration><LocationConstraint>{REGION}</LocationConstraint></CreateBucketConfiguration>"
        );
        self.put_object("", here.into_bytes()).await;
        for name in self.layout.functions().unwrap() {
            let runs = running.contains(&name.as_str());
            let program = if runs { program(&name) } else { NOTHING.to_vec() };
            let archive = local::bench::archive(&program, 1).unwrap();
            self.put_object(&format!("{name}.zip"), archive).await;
        }
        let template = std::fs::read_to_string(self.layout.root().join("infra/aws/template.yaml")).unwrap();
        let template = template
            .replace("../../target/lambda/", &format!("s3://{BUCKET}/"))
            .lines()
            .map(|line| match line.trim_start().starts_with("CodeUri:") {
                true => format!("{}.zip\n", line.trim_end_matches('/')),
                false => format!("{line}\n"),
            })
            .collect::<String>();
        self.put_object("template.yaml", template.into_bytes()).await;

        let mut form = vec![
            ("Action".to_owned(), "CreateStack".to_owned()),
            (
                "TemplateURL".to_owned(),
                format!("{}/{BUCKET}/template.yaml", self.endpoint()),
            ),
            ("Capabilities.member.1".to_owned(), "CAPABILITY_IAM".to_owned()),
            (
                "Capabilities.member.2".to_owned(),
                "CAPABILITY_AUTO_EXPAND".to_owned(),
            ),
        ];
        for (index, (key, value)) in PARAMETERS.iter().enumerate() {
            let member = format!("Parameters.member.{}", index + 1);
            form.push((format!("{member}.ParameterKey"), (*key).to_owned()));
            form.push((format!("{member}.ParameterValue"), (*value).to_owned()));
        }
        self.cloudformation(form).await;
        for _ in 0..600 {
            let described = self.describe().await;
            match element(&described, "StackStatus") {
                "CREATE_COMPLETE" => return,
                "CREATE_IN_PROGRESS" => tokio::time::sleep(Duration::from_millis(100)).await,
                status => panic!("{status}:\n{}", self.log()),
            }
        }
        panic!("the stack is not made within a minute:\n{}", self.log());
    }

    /// Fills in a secret that the stack has made empty.
    pub(crate) async fn put_secret(&self, name: &str, value: &str) {
        let client = aws_sdk_secretsmanager::Client::new(&emulator::sdk_config(&self.ports).await);
        let put = client
            .put_secret_value()
            .secret_id(format!("zencall/{STAGE}/{name}"))
            .secret_string(value);
        put.send().await.unwrap();
    }

    /// The address of `vapi-webhook`'s function URL, as this emulator is reached without a name server.
    pub(crate) async fn function_url(&self) -> String {
        let described = self.describe().await;
        let (_, outputs) = described
            .split_once("<OutputKey>VapiWebhookUrl</OutputKey>")
            .unwrap();
        let url = element(outputs, "OutputValue");
        let id = url.split("//").nth(1).unwrap().split('.').next().unwrap();
        format!("{}/_aws/lambda-url/{id}/", self.endpoint())
    }

    /// How many messages wait in a queue.
    pub(crate) async fn messages_in(&self, queue: &str) -> String {
        use aws_sdk_sqs::types::QueueAttributeName::ApproximateNumberOfMessages;
        let client = aws_sdk_sqs::Client::new(&emulator::sdk_config(&self.ports).await);
        let asked = client
            .get_queue_attributes()
            .queue_url(format!("{}/000000000000/{queue}", self.endpoint()))
            .attribute_names(ApproximateNumberOfMessages);
        let attributes = asked.send().await.unwrap().attributes.unwrap();
        attributes[&ApproximateNumberOfMessages].clone()
    }

    /// What the emulator and the functions in it have written.
    pub(crate) fn log(&self) -> String {
        std::fs::read_to_string(self.folder.join("log")).unwrap_or_default()
    }

    fn endpoint(&self) -> String {
        emulator::endpoint(&self.ports)
    }

    async fn describe(&self) -> String {
        self.cloudformation(vec![("Action".to_owned(), "DescribeStacks".to_owned())])
            .await
    }

    async fn cloudformation(&self, mut form: Vec<(String, String)>) -> String {
        form.push(("StackName".to_owned(), STACK.to_owned()));
        form.push(("Version".to_owned(), "2010-05-15".to_owned()));
        let request = self.request(Method::POST, "cloudformation", "/").form(&form);
        let answer = request.send().await.unwrap();
        let status = answer.status();
        let text = answer.text().await.unwrap();
        assert!(status.is_success(), "{status}: {text}");
        text
    }

    async fn put_object(&self, key: &str, body: Vec<u8>) {
        let path = format!("/{BUCKET}/{key}");
        let put = self
            .request(Method::PUT, "s3", path.trim_end_matches('/'))
            .body(body);
        let status = put.send().await.unwrap().status();
        assert!(status.is_success(), "{key}: {status}");
    }

    /// The emulator tells services apart by the credential's scope, and checks no signature.
    fn request(&self, method: Method, service: &str, path: &str) -> reqwest::RequestBuilder {
        let scope = format!("{AWS_CREDENTIAL}/20260101/{REGION}/{service}/aws4_request");
        let signature = format!("AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=0");
        self.http
            .request(method, format!("{}{path}", self.endpoint()))
            .header("authorization", signature)
    }
}

impl Drop for Cloud {
    fn drop(&mut self) {
        // What was written last is in the panic, if there was one.
        std::fs::remove_dir_all(&self.folder).ok();
    }
}

/// The binary that `cargo test` has built beside this one.
fn program(function: &str) -> Vec<u8> {
    let own = std::env::current_exe().unwrap();
    let folder = own.parent().and_then(Path::parent).unwrap();
    std::fs::read(folder.join(function))
        .unwrap_or_else(|error| panic!("{function} is not built, `make binaries` does it: {error}"))
}

/// The text of the first such element.
fn element<'a>(xml: &'a str, name: &str) -> &'a str {
    let (_, rest) = xml
        .split_once(&format!("<{name}>"))
        .unwrap_or_else(|| panic!("no {name} in {xml}"));
    rest.split("</").next().unwrap_or_default()
}
