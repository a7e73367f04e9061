//! Structures that values hold (OPC 10000-3, 8; OPC 10000-5, 12; OPC 10000-8, 5.6).

use super::super::words;
use super::channel::APPLICATION_DESCRIPTION;
use crate::decode::opcua::shape::shapes;

shapes! {
    ARGUMENT {
        Name: String, DataType: NodeId, ValueRank: Int32, ArrayDimensions: Many(&UInt32), Description: LocalizedText,
    }
    ENUM_VALUE_TYPE { Value: Int64, DisplayName: LocalizedText, Description: LocalizedText }
    TIME_ZONE_DATA_TYPE { Offset: Int16, DaylightSavingInOffset: Boolean }
    OPTION_SET { Value: ByteString, ValidBits: ByteString }
    BUILD_INFO {
        ProductUri: String, ManufacturerName: String, ProductName: String, SoftwareVersion: String,
        BuildNumber: String, BuildDate: DateTime,
    }
    REDUNDANT_SERVER_DATA_TYPE { ServerId: String, ServiceLevel: Byte, ServerState: Word(&words::SERVER_STATE) }
    ENDPOINT_URL_LIST_DATA_TYPE { EndpointUrlList: Many(&String) }
    NETWORK_GROUP_DATA_TYPE { ServerUri: String, NetworkPaths: Many(&Of(&ENDPOINT_URL_LIST_DATA_TYPE)) }
    SAMPLING_INTERVAL_DIAGNOSTICS_DATA_TYPE {
        SamplingInterval: Double, MonitoredItemCount: UInt32, MaxMonitoredItemCount: UInt32,
        DisabledMonitoredItemCount: UInt32,
    }
    SERVER_DIAGNOSTICS_SUMMARY_DATA_TYPE {
        ServerViewCount: UInt32, CurrentSessionCount: UInt32, CumulatedSessionCount: UInt32,
        SecurityRejectedSessionCount: UInt32, RejectedSessionCount: UInt32, SessionTimeoutCount: UInt32,
        SessionAbortCount: UInt32, CurrentSubscriptionCount: UInt32, CumulatedSubscriptionCount: UInt32,
        PublishingIntervalCount: UInt32, SecurityRejectedRequestsCount: UInt32, RejectedRequestsCount: UInt32,
    }
    SERVER_STATUS_DATA_TYPE {
        StartTime: DateTime, CurrentTime: DateTime, State: Word(&words::SERVER_STATE), BuildInfo: Of(&BUILD_INFO),
        SecondsTillShutdown: UInt32, ShutdownReason: LocalizedText,
    }
    SESSION_SECURITY_DIAGNOSTICS_DATA_TYPE {
        SessionId: NodeId, ClientUserIdOfSession: String, ClientUserIdHistory: Many(&String),
        AuthenticationMechanism: String, Encoding: Byte, TransportProtocol: String,
        SecurityMode: Word(&words::MESSAGE_SECURITY_MODE), SecurityPolicyUri: String, ClientCertificate: ByteString,
    }
    SERVICE_COUNTER_DATA_TYPE { TotalCount: UInt32, ErrorCount: UInt32 }
    SESSION_DIAGNOSTICS_DATA_TYPE {
        SessionId: NodeId, SessionName: String, ClientDescription: Of(&APPLICATION_DESCRIPTION), ServerUri: String,
        EndpointUrl: String, LocaleIds: Many(&String), ActualSessionTimeout: Double, MaxResponseMessageSize: UInt32,
        ClientConnectionTime: DateTime, ClientLastContactTime: DateTime, CurrentSubscriptionsCount: UInt32,
        CurrentMonitoredItemsCount: UInt32, CurrentPublishRequestsInQueue: UInt32,
        TotalRequestCount: Of(&SERVICE_COUNTER_DATA_TYPE), UnauthorizedRequestCount: UInt32,
        ReadCount: Of(&SERVICE_COUNTER_DATA_TYPE), HistoryReadCount: Of(&SERVICE_COUNTER_DATA_TYPE),
        WriteCount: Of(&SERVICE_COUNTER_DATA_TYPE), HistoryUpdateCount: Of(&SERVICE_COUNTER_DATA_TYPE),
        CallCount: Of(&SERVICE_COUNTER_DATA_TYPE), CreateMonitoredItemsCount: Of(&SERVICE_COUNTER_DATA_TYPE),
        ModifyMonitoredItemsCount: Of(&SERVICE_COUNTER_DATA_TYPE),
        SetMonitoringModeCount: Of(&SERVICE_COUNTER_DATA_TYPE), SetTriggeringCount: Of(&SERVICE_COUNTER_DATA_TYPE),
        DeleteMonitoredItemsCount: Of(&SERVICE_COUNTER_DATA_TYPE),
        CreateSubscriptionCount: Of(&SERVICE_COUNTER_DATA_TYPE),
        ModifySubscriptionCount: Of(&SERVICE_COUNTER_DATA_TYPE),
        SetPublishingModeCount: Of(&SERVICE_COUNTER_DATA_TYPE), PublishCount: Of(&SERVICE_COUNTER_DATA_TYPE),
        RepublishCount: Of(&SERVICE_COUNTER_DATA_TYPE), TransferSubscriptionsCount: Of(&SERVICE_COUNTER_DATA_TYPE),
        DeleteSubscriptionsCount: Of(&SERVICE_COUNTER_DATA_TYPE), AddNodesCount: Of(&SERVICE_COUNTER_DATA_TYPE),
        AddReferencesCount: Of(&SERVICE_COUNTER_DATA_TYPE), DeleteNodesCount: Of(&SERVICE_COUNTER_DATA_TYPE),
        DeleteReferencesCount: Of(&SERVICE_COUNTER_DATA_TYPE), BrowseCount: Of(&SERVICE_COUNTER_DATA_TYPE),
        BrowseNextCount: Of(&SERVICE_COUNTER_DATA_TYPE),
        TranslateBrowsePathsToNodeIdsCount: Of(&SERVICE_COUNTER_DATA_TYPE),
        QueryFirstCount: Of(&SERVICE_COUNTER_DATA_TYPE), QueryNextCount: Of(&SERVICE_COUNTER_DATA_TYPE),
        RegisterNodesCount: Of(&SERVICE_COUNTER_DATA_TYPE), UnregisterNodesCount: Of(&SERVICE_COUNTER_DATA_TYPE),
    }
    SUBSCRIPTION_DIAGNOSTICS_DATA_TYPE {
        SessionId: NodeId, SubscriptionId: UInt32, Priority: Byte, PublishingInterval: Double,
        MaxKeepAliveCount: UInt32, MaxLifetimeCount: UInt32, MaxNotificationsPerPublish: UInt32,
        PublishingEnabled: Boolean, ModifyCount: UInt32, EnableCount: UInt32, DisableCount: UInt32,
        RepublishRequestCount: UInt32, RepublishMessageRequestCount: UInt32, RepublishMessageCount: UInt32,
        TransferRequestCount: UInt32, TransferredToAltClientCount: UInt32, TransferredToSameClientCount: UInt32,
        PublishRequestCount: UInt32, DataChangeNotificationsCount: UInt32, EventNotificationsCount: UInt32,
        NotificationsCount: UInt32, LatePublishRequestCount: UInt32, CurrentKeepAliveCount: UInt32,
        CurrentLifetimeCount: UInt32, UnacknowledgedMessageCount: UInt32, DiscardedMessageCount: UInt32,
        MonitoredItemCount: UInt32, DisabledMonitoredItemCount: UInt32, MonitoringQueueOverflowCount: UInt32,
        NextSequenceNumber: UInt32, EventQueueOverflowCount = "opcua.EventQueueOverFlowCount": UInt32,
    }
    STATUS_RESULT { StatusCode: StatusCode, DiagnosticInfo: DiagnosticInfo }
    MODEL_CHANGE_STRUCTURE_DATA_TYPE { Affected: NodeId, AffectedType: NodeId, Verb: Byte }
    SEMANTIC_CHANGE_STRUCTURE_DATA_TYPE { Affected: NodeId, AffectedType: NodeId }
    RANGE { Low: Double, High: Double }
    EU_INFORMATION { NamespaceUri: String, UnitId: Int32, DisplayName: LocalizedText, Description: LocalizedText }
    COMPLEX_NUMBER_TYPE { Real: Float, Imaginary: Float }
    DOUBLE_COMPLEX_NUMBER_TYPE { Real: Double, Imaginary: Double }
    AXIS_INFORMATION {
        EngineeringUnits: Of(&EU_INFORMATION), EURange: Of(&RANGE), Title: LocalizedText,
        AxisScaleType: Word(&words::AXIS_SCALE_ENUMERATION), AxisSteps: Many(&Double),
    }
    XV_TYPE { X: Double, Value: Float }
    PROGRAM_DIAGNOSTIC_DATA_TYPE {
        CreateSessionId: NodeId, CreateClientName: String, InvocationCreationTime: DateTime,
        LastTransitionTime: DateTime, LastMethodCall: String, LastMethodSessionId: NodeId,
        LastMethodInputArguments: Many(&Of(&ARGUMENT)), LastMethodOutputArguments: Many(&Of(&ARGUMENT)),
        LastMethodCallTime: DateTime, LastMethodReturnStatus: Of(&STATUS_RESULT),
    }
    TRUST_LIST_DATA_TYPE {
        SpecifiedLists: UInt32, TrustedCertificates: Many(&ByteString), TrustedCrls: Many(&ByteString),
        IssuerCertificates: Many(&ByteString), IssuerCrls: Many(&ByteString),
    }
    ROLE_PERMISSION_TYPE { RoleId: NodeId, Permissions: Word(&words::PERMISSION_TYPE) }
    IDENTITY_MAPPING_RULE_TYPE {
        CriteriaType: Word(&words::IDENTITY_CRITERIA_TYPE), Criteria = "iia.opcua.Criteria": String,
    }
    STRUCTURE_FIELD {
        Name: String, Description: LocalizedText, DataType: NodeId, ValueRank: Int32, ArrayDimensions: Many(&UInt32),
        MaxStringLength: UInt32, IsOptional = "iia.opcua.IsOptional": Boolean,
    }
    STRUCTURE_DEFINITION {
        DefaultEncodingId: NodeId, BaseDataType: NodeId, StructureType: Word(&words::STRUCTURE_TYPE),
        Fields: Many(&Of(&STRUCTURE_FIELD)),
    }
    ENUM_FIELD { Value: Int64, DisplayName: LocalizedText, Description: LocalizedText, Name: String }
    ENUM_DEFINITION { Fields: Many(&Of(&ENUM_FIELD)) }
    RATIONAL_NUMBER { Numerator = "iia.opcua.Numerator": Int32, Denominator = "iia.opcua.Denominator": UInt32 }
    THREE_D_VECTOR { X: Double, Y = "iia.opcua.Y": Double, Z = "iia.opcua.Z": Double }
    THREE_D_CARTESIAN_COORDINATES { X: Double, Y = "iia.opcua.Y": Double, Z = "iia.opcua.Z": Double }
    THREE_D_ORIENTATION { A = "iia.opcua.A": Double, B = "iia.opcua.B": Double, C = "iia.opcua.C": Double }
    THREE_D_FRAME { CartesianCoordinates: Of(&THREE_D_CARTESIAN_COORDINATES), Orientation: Of(&THREE_D_ORIENTATION) }
    ENDPOINT_TYPE {
        EndpointUrl: String, SecurityMode: Word(&words::MESSAGE_SECURITY_MODE), SecurityPolicyUri: String,
        TransportProfileUri: String,
    }
}
