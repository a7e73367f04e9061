//! cedar-policy with the same policies: one for each contract, and requests that are made before.

use cedar_policy::{
    Authorizer, Context, Decision, Entities, EntityId, EntityTypeName, EntityUid, PolicySet, Request,
};
use crate::measure::{Cost, long, tell};
use crate::site;

const SIZES: [usize; 3] = [10, 1_000, 10_000];
/// Requests that are judged in turn.
const ASKED: usize = 8;
const SAMPLES: usize = 10;

pub fn all() {
    for contracts in SIZES {
        flow(contracts);
        link(contracts);
    }
}

fn uid(kind: &str, id: &str) -> EntityUid {
    let kind: EntityTypeName = kind.parse().expect("a type");
    EntityUid::from_type_name_and_id(kind, EntityId::new(id))
}

fn request((client, server): (&str, &str), action: &str, context: Context) -> Request {
    let (client, server) = (uid("Client", client), uid("Server", server));
    Request::new(client, uid("Action", action), server, context, None).expect("a request")
}

fn judge((name, contracts): (&str, usize), policies: &str, requests: &[Request]) {
    let policies: PolicySet = policies.parse().expect("policies");
    let (authorizer, entities) = (Authorizer::new(), Entities::empty());
    let decide = |request: &Request| {
        let response = authorizer.is_authorized(request, &policies, &entities);
        response.decision()
    };
    assert!(requests.iter().all(|request| decide(request) == Decision::Allow));
    let all = long(SAMPLES, || requests.iter().map(decide).collect::<Vec<_>>());
    let each = requests.len() as f64;
    let cost = Cost { fastest: all.fastest / each, median: all.median / each };
    tell(name, contracts, cost, None);
}

fn ends(at: usize) -> (String, String) {
    let flow = site::flow(at);
    (flow.orig_h.to_string(), flow.resp_h.to_string())
}

fn flow(contracts: usize) {
    let policy = |at| {
        let (client, server) = ends(at);
        format!(
            "permit(principal == Client::\"{client}\", action == Action::\"read\", resource == Server::\"{server}\") when {{\n\
             context.port == 502 && context.unit == 1 && (\n\
             context.table == \"coil\" && context.first >= 0 && context.last <= 7 ||\n\
             context.table == \"holding_register\" && context.first >= 0 && context.last <= 19 ||\n\
             context.table == \"input_register\" && context.first >= 0 && context.last <= 9) }};\n\
             permit(principal == Client::\"{client}\", action == Action::\"write\", resource == Server::\"{server}\") when {{\n\
             context.port == 502 && context.unit == 1 &&\n\
             context.table == \"holding_register\" && context.first >= 100 && context.last <= 101 }};\n"
        )
    };
    let read = r#"{"port": 502, "unit": 1, "table": "holding_register", "first": 4, "last": 13}"#;
    let ask = |at| {
        let (client, server) = ends(at);
        let context = Context::from_json_str(read, None).expect("a context");
        request((&client, &server), "read", context)
    };
    let requests: Vec<Request> = site::turns(contracts).take(ASKED).map(ask).collect();
    judge(("cedar: flow", contracts), &(0..contracts).map(policy).collect::<String>(), &requests);
}

fn link(contracts: usize) {
    let policy = |at| {
        let (source, destination) = (site::source(at), site::destination(at));
        format!(
            "permit(principal == Client::\"{source}\", action in [Action::\"APPEND\", Action::\"HEAD\"],\n\
             resource == Server::\"{destination}\") when {{ context.protocol == \"iia_link\" && context.len <= 4096 }};\n"
        )
    };
    let said = r#"{"protocol": "iia_link", "len": 512}"#;
    let ask = |at| {
        let context = Context::from_json_str(said, None).expect("a context");
        request((&site::source(at), &site::destination(at)), "APPEND", context)
    };
    let requests: Vec<Request> = site::turns(contracts).take(ASKED).map(ask).collect();
    judge(("cedar: link", contracts), &(0..contracts).map(policy).collect::<String>(), &requests);
}
