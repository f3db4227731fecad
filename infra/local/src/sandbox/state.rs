//! What the stand-ins know: accounts, assistants and numbers, which outlive a reset, and calls, requests and behaviour, which do not.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap, VecDeque},
    path::PathBuf,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio::task::AbortHandle;

use super::{
    SandboxSettings,
    behaviour::{ApiBehaviour, Behaviour, Outcome, Provider},
    chance::{Chance, iso, new_id, now},
    twilio::Account,
};

/// Requests and deliveries kept for `_control`; older ones are forgotten.
const KEPT_RECORDS: usize = 100_000;

/// Everything shared by the routes.
pub(crate) struct Stand {
    pub(crate) settings: SandboxSettings,
    /// The client that posts webhooks.
    pub(crate) http: reqwest::Client,
    data: Mutex<Data>,
}

/// What changes.
#[derive(Default)]
pub(crate) struct Data {
    pub(crate) kept: Kept,
    pub(crate) behaviour: Behaviour,
    /// For how many requests the fault still holds; none = for all.
    faults_left: Option<u32>,
    pub(crate) calls: Calls,
    pub(crate) messages: Vec<Value>,
    /// Who wants nothing more from which number: account, number, person.
    opted_out: BTreeSet<[String; 3]>,
    /// How many status callbacks there were: gives each its own chance.
    callbacks: u64,
    pub(crate) requests: VecDeque<RequestRecord>,
    pub(crate) deliveries: VecDeque<DeliveryRecord>,
    pub(crate) tool_calls: Vec<ToolRecord>,
    tasks: Vec<AbortHandle>,
}

/// What a reset keeps, and the state file too.
#[derive(Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Kept {
    /// The organisation at Vapi that the key belongs to.
    pub(crate) organisation: String,
    pub(crate) accounts: BTreeMap<String, Account>,
    pub(crate) assistants: BTreeMap<String, Value>,
    pub(crate) phone_numbers: BTreeMap<String, Value>,
}

/// The calls, in the order in which they were placed.
#[derive(Default)]
pub(crate) struct Calls {
    list: Vec<CallRecord>,
    places: HashMap<String, usize>,
    /// How many were asked for: gives each its own chance.
    pub(crate) asked: u64,
    /// How many run now.
    pub(crate) live: u32,
}

/// One call.
pub(crate) struct CallRecord {
    /// As Vapi's API shows it.
    pub(crate) value: Value,
    pub(crate) outcome: Outcome,
    /// It never started, because too many ran.
    pub(crate) refused: bool,
    /// Erased by the API: no longer shown.
    pub(crate) erased: bool,
}

/// A request to one of the two APIs.
#[derive(Clone, Serialize)]
pub(crate) struct RequestRecord {
    pub(crate) provider: Provider,
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) query: Option<String>,
    pub(crate) body: Value,
    /// The status that the client got; 0 if the connection was closed without an answer.
    pub(crate) status: u16,
    pub(crate) at: String,
}

/// A webhook that was posted, dropped, or could not be.
#[derive(Clone, Serialize)]
pub(crate) struct DeliveryRecord {
    pub(crate) id: String,
    pub(crate) kind: String,
    pub(crate) attempt: u32,
    /// The answer's status; none if there was no answer.
    pub(crate) status: Option<u16>,
    pub(crate) dropped: bool,
    pub(crate) at: String,
}

/// A tool that a model called to book, and what came of it.
#[derive(Clone, Serialize)]
pub(crate) struct ToolRecord {
    /// Vapi's id of the call in which it was.
    pub(crate) call: String,
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) arguments: Value,
    /// Whether the answer was a result and no error.
    pub(crate) booked: bool,
    pub(crate) said: String,
    /// What is wrong with the form of the answer.
    pub(crate) faults: Vec<String>,
}

impl CallRecord {
    /// The call is no longer shown, and nothing that was said in it is kept.
    pub(crate) fn erase(&mut self) {
        self.erased = true;
        if let Some(members) = self.value.as_object_mut() {
            members.remove("artifact");
            members.remove("analysis");
        }
    }
}

impl Calls {
    /// Adds a call.
    pub(crate) fn add(&mut self, id: &str, call: CallRecord) {
        self.places.insert(id.to_owned(), self.list.len());
        self.list.push(call);
    }

    /// A call that was not erased.
    pub(crate) fn get(&self, id: &str) -> Option<&CallRecord> {
        let call = self.list.get(*self.places.get(id)?)?;
        (!call.erased).then_some(call)
    }

    /// A call that was not erased, to change.
    pub(crate) fn get_mut(&mut self, id: &str) -> Option<&mut CallRecord> {
        let call = self.list.get_mut(*self.places.get(id)?)?;
        (!call.erased).then_some(call)
    }

    /// All, oldest first.
    pub(crate) fn iter(&self) -> impl DoubleEndedIterator<Item = &CallRecord> {
        self.list.iter()
    }
}

/// What a request to an API shall suffer.
pub(crate) struct Fault {
    pub(crate) status: Option<u16>,
    pub(crate) after_accepting: bool,
    pub(crate) latency: Duration,
}

impl Data {
    /// Sets the behaviour.
    pub(crate) fn behave(&mut self, behaviour: Behaviour) {
        self.faults_left = behaviour.api.times;
        self.behaviour = behaviour;
    }

    /// Forgets calls, messages and requests, and behaves normally again.
    pub(crate) fn reset(&mut self) {
        for task in self.tasks.drain(..) {
            task.abort();
        }
        self.calls = Calls::default();
        self.messages.clear();
        self.opted_out.clear();
        self.requests.clear();
        self.deliveries.clear();
        self.tool_calls.clear();
        self.behave(Behaviour::default());
    }

    /// The fault for this request, which counts as one of its times.
    pub(crate) fn take_fault(&mut self, provider: Provider, method: &str, path: &str) -> Option<Fault> {
        let ApiBehaviour {
            status,
            after_accepting,
            latency_ms,
            ..
        } = self.behaviour.api;
        if !self.behaviour.api.concerns(provider, method, path) {
            return None;
        }
        match &mut self.faults_left {
            Some(0) => return None,
            Some(left) => *left -= 1,
            None => {}
        }
        Some(Fault {
            status,
            after_accepting,
            latency: Duration::from_millis(latency_ms.unwrap_or(0)),
        })
    }

    /// A person wants nothing more from this number; whether that is new.
    pub(crate) fn opt_out(&mut self, account: &str, number: &str, person: &str) -> bool {
        self.opted_out
            .insert([account, number, person].map(str::to_owned))
    }

    /// The same, taken back.
    pub(crate) fn opt_in(&mut self, account: &str, number: &str, person: &str) {
        self.opted_out
            .remove(&[account, number, person].map(str::to_owned));
    }

    /// Whether a person wants nothing more from this number.
    pub(crate) fn has_opted_out(&self, account: &str, number: &str, person: &str) -> bool {
        self.opted_out
            .contains(&[account, number, person].map(str::to_owned))
    }

    /// Remembers a request.
    pub(crate) fn record(&mut self, request: RequestRecord) {
        if self.requests.len() >= KEPT_RECORDS {
            self.requests.pop_front();
        }
        self.requests.push_back(request);
    }
}

impl Stand {
    /// Begins, with what the state file kept.
    pub(crate) fn new(settings: SandboxSettings) -> Arc<Self> {
        let mut kept: Kept = settings
            .state_file
            .as_ref()
            .and_then(|path| std::fs::read(path).ok())
            .and_then(|bytes| serde_json::from_slice(&bytes).ok())
            .unwrap_or_default();
        if kept.organisation.is_empty() {
            kept.organisation = new_id().to_string();
        }
        // No redirects: a webhook that is redirected has not arrived.
        let http = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(Duration::from_secs(5))
            .build()
            .unwrap_or_default();
        Arc::new(Self {
            settings,
            http,
            data: Mutex::new(Data {
                kept,
                ..Data::default()
            }),
        })
    }

    /// The data, never held across an await.
    pub(crate) fn data(&self) -> MutexGuard<'_, Data> {
        self.data.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The behaviour now.
    pub(crate) fn behaviour(&self) -> Behaviour {
        self.data().behaviour.clone()
    }

    /// Runs a task that ends with a reset or with the stand-ins.
    pub(crate) fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        let handle = tokio::spawn(task).abort_handle();
        let mut data = self.data();
        if data.tasks.len() > 1_000 {
            data.tasks.retain(|task| !task.is_finished());
        }
        data.tasks.push(handle);
    }

    /// Ends every task.
    pub(crate) fn stop(&self) {
        for task in self.data().tasks.drain(..) {
            task.abort();
        }
    }

    /// Whether the next status callback of a message is lost on its way.
    pub(crate) fn is_lost(&self, behaviour: &Behaviour) -> bool {
        let mut data = self.data();
        data.callbacks += 1;
        Chance::of(self.settings.seed, data.callbacks).happens(behaviour.webhook.drop)
    }

    /// Remembers a delivery.
    pub(crate) fn delivered(&self, id: &str, kind: &str, attempt: u32, status: Option<u16>, dropped: bool) {
        let mut data = self.data();
        if data.deliveries.len() >= KEPT_RECORDS {
            data.deliveries.pop_front();
        }
        data.deliveries.push_back(DeliveryRecord {
            id: id.to_owned(),
            kind: kind.to_owned(),
            attempt,
            status,
            dropped,
            at: iso(now()),
        });
    }

    /// Writes what a restart needs, if there is a file for it.
    pub(crate) fn save(&self) {
        let Some(path) = &self.settings.state_file else {
            return;
        };
        if let Err(error) = self.write(path) {
            tracing::warn!(%error, "the state of the stand-ins was not written");
        }
    }

    fn write(&self, path: &PathBuf) -> std::io::Result<()> {
        let data = self.data();
        let bytes = serde_json::to_vec_pretty(&data.kept)?;
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder)?;
        }
        // Renamed into place under the lock: a reader never sees half a file, and an older state never replaces a newer one.
        let draft = path.with_extension("new");
        std::fs::write(&draft, bytes)?;
        std::fs::rename(&draft, path)
    }
}
