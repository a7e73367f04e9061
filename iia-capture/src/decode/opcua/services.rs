//! The services of OPC UA: the encodings of their messages and what these hold (OPC 10000-4, 5; OPC 10000-6, 5.2.9).

use super::shape::Shape;
use super::shapes::{attribute, channel, nodes, subscription};

/// A service: its name and its two messages, each with the identifier of its binary encoding and what it holds.
struct Service {
    what: &'static str,
    request: (u16, &'static Shape),
    response: (u16, &'static Shape),
}

const fn service(
    what: &'static str,
    request: (u16, &'static Shape),
    response: (u16, &'static Shape),
) -> Service {
    Service {
        what,
        request,
        response,
    }
}

/// Services by their request.
static SERVICES: &[Service] = &[
    service(
        "find_servers",
        (422, &channel::FIND_SERVERS_REQUEST),
        (425, &channel::FIND_SERVERS_RESPONSE),
    ),
    service(
        "get_endpoints",
        (428, &channel::GET_ENDPOINTS_REQUEST),
        (431, &channel::GET_ENDPOINTS_RESPONSE),
    ),
    service(
        "register_server",
        (437, &channel::REGISTER_SERVER_REQUEST),
        (440, &channel::REGISTER_SERVER_RESPONSE),
    ),
    service(
        "open_secure_channel",
        (446, &channel::OPEN_SECURE_CHANNEL_REQUEST),
        (449, &channel::OPEN_SECURE_CHANNEL_RESPONSE),
    ),
    service(
        "close_secure_channel",
        (452, &channel::CLOSE_SECURE_CHANNEL_REQUEST),
        (455, &channel::CLOSE_SECURE_CHANNEL_RESPONSE),
    ),
    service(
        "create_session",
        (461, &channel::CREATE_SESSION_REQUEST),
        (464, &channel::CREATE_SESSION_RESPONSE),
    ),
    service(
        "activate_session",
        (467, &channel::ACTIVATE_SESSION_REQUEST),
        (470, &channel::ACTIVATE_SESSION_RESPONSE),
    ),
    service(
        "close_session",
        (473, &channel::CLOSE_SESSION_REQUEST),
        (476, &channel::CLOSE_SESSION_RESPONSE),
    ),
    service(
        "cancel",
        (479, &channel::CANCEL_REQUEST),
        (482, &channel::CANCEL_RESPONSE),
    ),
    service(
        "add_nodes",
        (488, &nodes::ADD_NODES_REQUEST),
        (491, &nodes::ADD_NODES_RESPONSE),
    ),
    service(
        "add_references",
        (494, &nodes::ADD_REFERENCES_REQUEST),
        (497, &nodes::ADD_REFERENCES_RESPONSE),
    ),
    service(
        "delete_nodes",
        (500, &nodes::DELETE_NODES_REQUEST),
        (503, &nodes::DELETE_NODES_RESPONSE),
    ),
    service(
        "delete_references",
        (506, &nodes::DELETE_REFERENCES_REQUEST),
        (509, &nodes::DELETE_REFERENCES_RESPONSE),
    ),
    service(
        "browse",
        (527, &nodes::BROWSE_REQUEST),
        (530, &nodes::BROWSE_RESPONSE),
    ),
    service(
        "browse_next",
        (533, &nodes::BROWSE_NEXT_REQUEST),
        (536, &nodes::BROWSE_NEXT_RESPONSE),
    ),
    service(
        "translate_browse_paths_to_node_ids",
        (554, &nodes::TRANSLATE_BROWSE_PATHS_TO_NODE_IDS_REQUEST),
        (557, &nodes::TRANSLATE_BROWSE_PATHS_TO_NODE_IDS_RESPONSE),
    ),
    service(
        "register_nodes",
        (560, &nodes::REGISTER_NODES_REQUEST),
        (563, &nodes::REGISTER_NODES_RESPONSE),
    ),
    service(
        "unregister_nodes",
        (566, &nodes::UNREGISTER_NODES_REQUEST),
        (569, &nodes::UNREGISTER_NODES_RESPONSE),
    ),
    service(
        "query_first",
        (615, &nodes::QUERY_FIRST_REQUEST),
        (618, &nodes::QUERY_FIRST_RESPONSE),
    ),
    service(
        "query_next",
        (621, &nodes::QUERY_NEXT_REQUEST),
        (624, &nodes::QUERY_NEXT_RESPONSE),
    ),
    service(
        "read",
        (631, &attribute::READ_REQUEST),
        (634, &attribute::READ_RESPONSE),
    ),
    service(
        "history_read",
        (664, &attribute::HISTORY_READ_REQUEST),
        (667, &attribute::HISTORY_READ_RESPONSE),
    ),
    service(
        "write",
        (673, &attribute::WRITE_REQUEST),
        (676, &attribute::WRITE_RESPONSE),
    ),
    service(
        "history_update",
        (700, &attribute::HISTORY_UPDATE_REQUEST),
        (703, &attribute::HISTORY_UPDATE_RESPONSE),
    ),
    service(
        "call",
        (712, &attribute::CALL_REQUEST),
        (715, &attribute::CALL_RESPONSE),
    ),
    service(
        "create_monitored_items",
        (751, &subscription::CREATE_MONITORED_ITEMS_REQUEST),
        (754, &subscription::CREATE_MONITORED_ITEMS_RESPONSE),
    ),
    service(
        "modify_monitored_items",
        (763, &subscription::MODIFY_MONITORED_ITEMS_REQUEST),
        (766, &subscription::MODIFY_MONITORED_ITEMS_RESPONSE),
    ),
    service(
        "set_monitoring_mode",
        (769, &subscription::SET_MONITORING_MODE_REQUEST),
        (772, &subscription::SET_MONITORING_MODE_RESPONSE),
    ),
    service(
        "set_triggering",
        (775, &subscription::SET_TRIGGERING_REQUEST),
        (778, &subscription::SET_TRIGGERING_RESPONSE),
    ),
    service(
        "delete_monitored_items",
        (781, &subscription::DELETE_MONITORED_ITEMS_REQUEST),
        (784, &subscription::DELETE_MONITORED_ITEMS_RESPONSE),
    ),
    service(
        "create_subscription",
        (787, &subscription::CREATE_SUBSCRIPTION_REQUEST),
        (790, &subscription::CREATE_SUBSCRIPTION_RESPONSE),
    ),
    service(
        "modify_subscription",
        (793, &subscription::MODIFY_SUBSCRIPTION_REQUEST),
        (796, &subscription::MODIFY_SUBSCRIPTION_RESPONSE),
    ),
    service(
        "set_publishing_mode",
        (799, &subscription::SET_PUBLISHING_MODE_REQUEST),
        (802, &subscription::SET_PUBLISHING_MODE_RESPONSE),
    ),
    service(
        "publish",
        (826, &subscription::PUBLISH_REQUEST),
        (829, &subscription::PUBLISH_RESPONSE),
    ),
    service(
        "republish",
        (832, &subscription::REPUBLISH_REQUEST),
        (835, &subscription::REPUBLISH_RESPONSE),
    ),
    service(
        "transfer_subscriptions",
        (841, &subscription::TRANSFER_SUBSCRIPTIONS_REQUEST),
        (844, &subscription::TRANSFER_SUBSCRIPTIONS_RESPONSE),
    ),
    service(
        "delete_subscriptions",
        (847, &subscription::DELETE_SUBSCRIPTIONS_REQUEST),
        (850, &subscription::DELETE_SUBSCRIPTIONS_RESPONSE),
    ),
    service(
        "find_servers_on_network",
        (12208, &channel::FIND_SERVERS_ON_NETWORK_REQUEST),
        (12209, &channel::FIND_SERVERS_ON_NETWORK_RESPONSE),
    ),
    service(
        "register_server2",
        (12211, &channel::REGISTER_SERVER2_REQUEST),
        (12212, &channel::REGISTER_SERVER2_RESPONSE),
    ),
];

/// The answer of a server that cannot give the service's own (OPC 10000-4, 7.34).
const FAULT: u16 = 397;

/// One message of a service.
pub(super) struct Kind {
    /// The service, where the message says which.
    pub(super) what: &'static str,
    /// Whether it asks.
    pub(super) asks: bool,
    /// What it holds.
    pub(super) shape: &'static Shape,
}

/// The message whose encoding this is, in the standard's own namespace.
pub(super) fn kind(id: u32) -> Option<Kind> {
    if id == u32::from(FAULT) {
        return Some(Kind {
            what: "service_fault",
            asks: false,
            shape: &channel::SERVICE_FAULT,
        });
    }
    let at = SERVICES.partition_point(|row| u32::from(row.request.0) <= id);
    let row = SERVICES.get(at.checked_sub(1)?)?;
    let asks = u32::from(row.request.0) == id;
    let shape = if asks { row.request.1 } else { row.response.1 };
    (asks || u32::from(row.response.0) == id).then_some(Kind {
        what: row.what,
        asks,
        shape,
    })
}
