//! Topics against filters of every shape: what the matcher finds by number and look-up is what a filter that is read
//! level by level says.
#![expect(clippy::indexing_slicing, clippy::unwrap_used, reason = "tests")]

mod made;

use iia_contract::Catalog;
use iia_contract::matcher::{Clause, Matcher, Verdict};
use iia_contract::scope::TopicFilter;
use iia_core::Timestamp;
use iia_core::observe::{Act, Address, Message, Observation};
use proptest::prelude::*;

const CLIENT: &str = "spiffe://iia.local/zone/collect/workload/c";

/// Names as long as the words in which texts are read, a byte less and a byte more; some begin alike.
const NAMES: [&str; 9] = [
    "a",
    "b",
    "line_01",
    "line_012",
    "line_0123",
    "line_0124",
    "press_0123456789",
    "press_0123456789a",
    "Öfen",
];

fn name() -> impl Strategy<Value = &'static str> {
    prop::sample::select(&NAMES[..])
}

fn level() -> impl Strategy<Value = &'static str> {
    prop_oneof![3 => name(), 1 => Just("+")]
}

fn filter() -> impl Strategy<Value = String> {
    let deeper = prop::collection::vec(level(), 0..11);
    (name(), deeper, any::<bool>()).prop_map(|(first, deeper, open)| {
        let rest = open.then_some("#").into_iter();
        let levels = [first].into_iter().chain(deeper).chain(rest);
        levels.collect::<Vec<_>>().join("/")
    })
}

/// A topic that a filter covers, or nearly: a name of its own for each wildcard, and perhaps another name, level or end.
fn topic(filter: &str, names: &[&str], bend: usize) -> String {
    let mut levels: Vec<&str> = filter.split('/').collect();
    for (level, name) in levels.iter_mut().zip(names) {
        if matches!(*level, "+" | "#") {
            *level = name;
        }
    }
    match bend {
        0 => levels.push(names[0]),
        1 => drop(levels.pop()),
        2..6 => {
            let at = bend % levels.len().max(1);
            levels[at] = names[bend];
        }
        _ => {}
    }
    levels.join("/")
}

fn catalog(filters: &[String]) -> Catalog {
    let topics: Vec<String> = filters
        .iter()
        .map(|filter| format!("topic \"{filter}\"\n"))
        .collect();
    let text = format!(
        "contract iia.contract.internal.t 1.0.0 {{\nscope internal\nsource {CLIENT}\n\
         destination spiffe://iia.local/zone/lake/workload/l\noperation APPEND\ncardinality one_to_one\ntransport {{\n\
         protocol mqtt\nsecurity mtls\nport tls/8883\n{}}}\nfailure {{\non_unreachable drop\n}}\n}}\n",
        topics.concat()
    );
    Catalog::check(&made::text::entries(&text)).unwrap().0
}

fn judged(matcher: &Matcher<'_>, address: Address<'_>) -> Verdict {
    matcher.judge(&Observation::Message(Message {
        ts: Timestamp::default(),
        client: CLIENT,
        act: Act::Publish,
        address,
        payload_len: 1,
    }))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3000))]

    #[test]
    fn a_topic_is_covered_when_one_of_the_filters_read_level_by_level_covers_it(
        filters in prop::collection::btree_set(filter(), 1..6),
        names in prop::array::uniform12(name()),
        bend in 0..9usize,
    ) {
        let filters: Vec<String> = filters.into_iter().collect();
        let catalog = catalog(&filters);
        let matcher = Matcher::new(&catalog);
        for filter in &filters {
            let topic = topic(filter, &names, bend);
            let wanted = match filters.iter().any(|filter| TopicFilter::parse(filter).unwrap().covers(&topic)) {
                true => Verdict::Covered { contract: 0, clause: Clause::Topic },
                false => Verdict::Violation { nearest: Some(0), clause: Clause::Topic },
            };
            prop_assert_eq!(judged(&matcher, Address::Topic(&topic)), wanted, "{} in {:?}", topic, filters);
            let subject = topic.replace('/', ".");
            prop_assert_eq!(judged(&matcher, Address::Subject(&subject)), wanted, "{} in {:?}", subject, filters);
        }
    }
}
