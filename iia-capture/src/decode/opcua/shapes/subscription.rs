//! Monitored items and subscriptions (OPC 10000-4, 5.12 and 5.13).

use super::super::words;
use super::attribute::{AGGREGATE_CONFIGURATION, READ_VALUE_ID};
use super::channel::{REQUEST_HEADER, RESPONSE_HEADER};
use super::nodes::CONTENT_FILTER_RESULT;
use crate::decode::opcua::shape::shapes;

shapes! {
    MONITORING_PARAMETERS {
        ClientHandle: NewHandle, SamplingInterval: Double, Filter: ExtensionObject, QueueSize: UInt32,
        DiscardOldest: Boolean,
    }
    MONITORED_ITEM_CREATE_REQUEST {
        ItemToMonitor: Of(&READ_VALUE_ID), MonitoringMode: Word(&words::MONITORING_MODE),
        RequestedParameters: Of(&MONITORING_PARAMETERS),
    }
    CREATE_MONITORED_ITEMS_REQUEST {
        RequestHeader: Of(&REQUEST_HEADER), SubscriptionId: Subscription,
        TimestampsToReturn: Word(&words::TIMESTAMPS_TO_RETURN),
        ItemsToCreate: Many(&Of(&MONITORED_ITEM_CREATE_REQUEST)),
    }
    MONITORED_ITEM_CREATE_RESULT {
        StatusCode: StatusCode, MonitoredItemId: UInt32, RevisedSamplingInterval: Double, RevisedQueueSize: UInt32,
        FilterResult: ExtensionObject,
    }
    CREATE_MONITORED_ITEMS_RESPONSE {
        ResponseHeader: Of(&RESPONSE_HEADER), Results: Many(&Of(&MONITORED_ITEM_CREATE_RESULT)),
        DiagnosticInfos: Many(&DiagnosticInfo),
    }
    MONITORED_ITEM_MODIFY_REQUEST { MonitoredItemId: UInt32, RequestedParameters: Of(&MONITORING_PARAMETERS) }
    MODIFY_MONITORED_ITEMS_REQUEST {
        RequestHeader: Of(&REQUEST_HEADER), SubscriptionId: UInt32,
        TimestampsToReturn: Word(&words::TIMESTAMPS_TO_RETURN),
        ItemsToModify: Many(&Of(&MONITORED_ITEM_MODIFY_REQUEST)),
    }
    MONITORED_ITEM_MODIFY_RESULT {
        StatusCode: StatusCode, RevisedSamplingInterval: Double, RevisedQueueSize: UInt32,
        FilterResult: ExtensionObject,
    }
    MODIFY_MONITORED_ITEMS_RESPONSE {
        ResponseHeader: Of(&RESPONSE_HEADER), Results: Many(&Of(&MONITORED_ITEM_MODIFY_RESULT)),
        DiagnosticInfos: Many(&DiagnosticInfo),
    }
    SET_MONITORING_MODE_REQUEST {
        RequestHeader: Of(&REQUEST_HEADER), SubscriptionId: UInt32, MonitoringMode: Word(&words::MONITORING_MODE),
        MonitoredItemIds: Many(&UInt32),
    }
    SET_MONITORING_MODE_RESPONSE {
        ResponseHeader: Of(&RESPONSE_HEADER), Results: Many(&StatusCode), DiagnosticInfos: Many(&DiagnosticInfo),
    }
    SET_TRIGGERING_REQUEST {
        RequestHeader: Of(&REQUEST_HEADER), SubscriptionId: UInt32, TriggeringItemId: UInt32,
        LinksToAdd: Many(&UInt32), LinksToRemove: Many(&UInt32),
    }
    SET_TRIGGERING_RESPONSE {
        ResponseHeader: Of(&RESPONSE_HEADER), AddResults: Many(&StatusCode),
        AddDiagnosticInfos: Many(&DiagnosticInfo), RemoveResults: Many(&StatusCode),
        RemoveDiagnosticInfos: Many(&DiagnosticInfo),
    }
    DELETE_MONITORED_ITEMS_REQUEST {
        RequestHeader: Of(&REQUEST_HEADER), SubscriptionId: UInt32, MonitoredItemIds: Many(&UInt32),
    }
    DELETE_MONITORED_ITEMS_RESPONSE {
        ResponseHeader: Of(&RESPONSE_HEADER), Results: Many(&StatusCode), DiagnosticInfos: Many(&DiagnosticInfo),
    }
    CREATE_SUBSCRIPTION_REQUEST {
        RequestHeader: Of(&REQUEST_HEADER), RequestedPublishingInterval: Double, RequestedLifetimeCount: UInt32,
        RequestedMaxKeepAliveCount: UInt32, MaxNotificationsPerPublish: UInt32, PublishingEnabled: Boolean,
        Priority: Byte,
    }
    CREATE_SUBSCRIPTION_RESPONSE {
        ResponseHeader: Of(&RESPONSE_HEADER), SubscriptionId: UInt32, RevisedPublishingInterval: Double,
        RevisedLifetimeCount: UInt32, RevisedMaxKeepAliveCount: UInt32,
    }
    MODIFY_SUBSCRIPTION_REQUEST {
        RequestHeader: Of(&REQUEST_HEADER), SubscriptionId: UInt32, RequestedPublishingInterval: Double,
        RequestedLifetimeCount: UInt32, RequestedMaxKeepAliveCount: UInt32, MaxNotificationsPerPublish: UInt32,
        Priority: Byte,
    }
    MODIFY_SUBSCRIPTION_RESPONSE {
        ResponseHeader: Of(&RESPONSE_HEADER), RevisedPublishingInterval: Double, RevisedLifetimeCount: UInt32,
        RevisedMaxKeepAliveCount: UInt32,
    }
    SET_PUBLISHING_MODE_REQUEST {
        RequestHeader: Of(&REQUEST_HEADER), PublishingEnabled: Boolean, SubscriptionIds: Many(&UInt32),
    }
    SET_PUBLISHING_MODE_RESPONSE {
        ResponseHeader: Of(&RESPONSE_HEADER), Results: Many(&StatusCode), DiagnosticInfos: Many(&DiagnosticInfo),
    }
    SUBSCRIPTION_ACKNOWLEDGEMENT { SubscriptionId: UInt32, SequenceNumber: UInt32 }
    PUBLISH_REQUEST {
        RequestHeader: Of(&REQUEST_HEADER), SubscriptionAcknowledgements: Many(&Of(&SUBSCRIPTION_ACKNOWLEDGEMENT)),
    }
    NOTIFICATION_MESSAGE { SequenceNumber: UInt32, PublishTime: DateTime, NotificationData: Many(&ExtensionObject) }
    PUBLISH_RESPONSE {
        ResponseHeader: Of(&RESPONSE_HEADER), SubscriptionId: Subscription, AvailableSequenceNumbers: Many(&UInt32),
        MoreNotifications: Boolean, NotificationMessage: Of(&NOTIFICATION_MESSAGE), Results: Many(&StatusCode),
        DiagnosticInfos: Many(&DiagnosticInfo),
    }
    REPUBLISH_REQUEST { RequestHeader: Of(&REQUEST_HEADER), SubscriptionId: UInt32, RetransmitSequenceNumber: UInt32 }
    REPUBLISH_RESPONSE { ResponseHeader: Of(&RESPONSE_HEADER), NotificationMessage: Of(&NOTIFICATION_MESSAGE) }
    TRANSFER_SUBSCRIPTIONS_REQUEST {
        RequestHeader: Of(&REQUEST_HEADER), SubscriptionIds: Many(&UInt32), SendInitialValues: Boolean,
    }
    TRANSFER_RESULT { StatusCode: StatusCode, AvailableSequenceNumbers: Many(&UInt32) }
    TRANSFER_SUBSCRIPTIONS_RESPONSE {
        ResponseHeader: Of(&RESPONSE_HEADER), Results: Many(&Of(&TRANSFER_RESULT)),
        DiagnosticInfos: Many(&DiagnosticInfo),
    }
    DELETE_SUBSCRIPTIONS_REQUEST { RequestHeader: Of(&REQUEST_HEADER), SubscriptionIds: Many(&UInt32) }
    DELETE_SUBSCRIPTIONS_RESPONSE {
        ResponseHeader: Of(&RESPONSE_HEADER), Results: Many(&StatusCode), DiagnosticInfos: Many(&DiagnosticInfo),
    }
    DATA_CHANGE_FILTER {
        Trigger: Word(&words::DATA_CHANGE_TRIGGER), DeadbandType: Word(&words::DEADBAND_TYPE), DeadbandValue: Double,
    }
    AGGREGATE_FILTER {
        StartTime: DateTime, AggregateType: NodeId, ProcessingInterval: Double,
        AggregateConfiguration: Of(&AGGREGATE_CONFIGURATION),
    }
    EVENT_FILTER_RESULT {
        SelectClauseResults: Many(&StatusCode), SelectClauseDiagnosticInfos: Many(&DiagnosticInfo),
        WhereClauseResult: Of(&CONTENT_FILTER_RESULT),
    }
    AGGREGATE_FILTER_RESULT {
        RevisedStartTime: DateTime, RevisedProcessingInterval: Double,
        RevisedAggregateConfiguration: Of(&AGGREGATE_CONFIGURATION),
    }
    MONITORED_ITEM_NOTIFICATION { ClientHandle: Handle, Value: DataValue }
    DATA_CHANGE_NOTIFICATION {
        MonitoredItems: Many(&Of(&MONITORED_ITEM_NOTIFICATION)), DiagnosticInfos: Many(&DiagnosticInfo),
    }
    EVENT_FIELD_LIST { ClientHandle: Handle, EventFields: Many(&Variant) }
    EVENT_NOTIFICATION_LIST { Events: Many(&Of(&EVENT_FIELD_LIST)) }
    STATUS_CHANGE_NOTIFICATION { Status: StatusCode, DiagnosticInfo: DiagnosticInfo }
}
