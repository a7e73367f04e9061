//! What an application message holds, where its topic says in which form.

use iia_core::observe::Value;

use super::super::{Fields, Known};
use super::{lorawan, sparkplug};

/// The form of an application message, with what must outlive its fields.
#[derive(Debug, Default)]
pub(super) enum Inside {
    /// None that is known.
    #[default]
    Plain,
    /// Sparkplug B, with what births say about its metrics.
    Sparkplug(sparkplug::Names),
    /// Whether a host application of Sparkplug is there.
    State(sparkplug::HostState),
    /// An event of a network server of LoRaWAN.
    Lorawan(lorawan::Event),
}

impl Inside {
    /// Finds the form of a message on a topic.
    pub(super) fn of(known: &Known, topic: &str, payload: &[u8]) -> Self {
        if sparkplug::is_topic(topic) {
            return Self::Sparkplug(known.births.names(topic, payload));
        }
        if let Some(state) = sparkplug::HostState::parse(topic, payload) {
            return Self::State(state);
        }
        let event = lorawan::event(topic).and_then(|_| lorawan::Event::parse(payload));
        event.map_or(Self::Plain, Self::Lorawan)
    }

    /// Tells what is in it; of a message whose end is missing, as far as it goes.
    pub(super) fn tell<'a>(
        &'a self,
        fields: &mut Fields<'a>,
        topic: &'a str,
        (payload, is_cut): (&'a [u8], bool),
    ) {
        match self {
            Self::Plain => {}
            Self::Sparkplug(names) => {
                let sound = sparkplug::tell(fields, topic, payload, names);
                if !sound && !is_cut {
                    fields.add("iia.sparkplug.malformed", Value::Bool(true));
                }
            }
            Self::State(state) => state.tell(fields, topic),
            Self::Lorawan(event) => event.tell(fields),
        }
    }
}
